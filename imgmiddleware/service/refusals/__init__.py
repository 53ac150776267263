"""What is answered where there is no picture."""
