"""The command line and the composition root: the only package that imports everything and wires it."""
