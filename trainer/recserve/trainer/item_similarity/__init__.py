"""How items belong together, by who had them: item-to-item weights in closed form."""
