"""Cash that was paid at a counter: files of the network, single codes, and whose money it is."""
