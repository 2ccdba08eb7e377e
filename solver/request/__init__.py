"""What is asked for: environment.yml.in read into profiles."""
