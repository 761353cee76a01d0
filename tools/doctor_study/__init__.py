"""How often the doctor's first line is right: causes planted in networks that are symmetric without them, and none."""
