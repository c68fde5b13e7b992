"""What is made of reports for other programs and for readers elsewhere than in a terminal, a module each."""
