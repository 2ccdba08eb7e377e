"""What may be chosen, and what choosing it asks for."""
