"""The parts of compiling: fields, objects, layouts and rules, each from documents to its part of the model."""
