"""From messages to checked values of the domain; every bad field is named."""
