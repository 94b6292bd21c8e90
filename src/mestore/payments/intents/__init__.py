"""What is to be paid and how, said before it is paid."""
