"""What is built of an image: a Dockerfile's instructions, the shell in them, the files and packages that they bring."""
