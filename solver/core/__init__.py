"""What every room uses: the words as frozen values, errors, targets, files."""
