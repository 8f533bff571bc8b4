"""How good is it: the product's own output against the truth, by the definitions that the field has agreed on."""
