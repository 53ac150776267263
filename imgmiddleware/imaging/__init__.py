"""From the facts of an original and a Transform to the bytes of a result: plan, decode, render."""
