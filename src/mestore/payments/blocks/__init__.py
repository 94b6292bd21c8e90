"""Who may not pay: a list that administrators keep."""
