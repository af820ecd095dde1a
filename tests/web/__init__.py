"""The shell: macros, formats, languages, navigation, house rules of templates."""
