// A form with nothing to decide is sent by itself; without scripts its button stays to be pressed.
document.querySelector("form[data-go]")?.requestSubmit();
