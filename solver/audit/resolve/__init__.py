"""What pip would install for an open list: its own resolution over recorded facts, newest releases first."""
