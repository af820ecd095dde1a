"""What can be done with deals: writing them down, and handing over and taking back what they sell."""
