# Placeholder until the first landing.
build:
	swift build
