"""Files of other projects that the pages carry, and the script that renews them."""
