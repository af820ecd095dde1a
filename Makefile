# Thin aliases; everything is done by forecourt.py, which needs Python alone.
.PHONY: help up test lock memory

help:  ## Show the commands
	@python3 forecourt.py help

up:  ## Run everything
	python3 forecourt.py up

test:  ## Run the whole suite
	python3 forecourt.py test

lock:  ## Write the locks from pyproject.toml
	python3 forecourt.py lock

memory:  ## What the running stack uses
	python3 forecourt.py memory
