"""The models: Keras layers that are trained, and exported as the signatures of an artefact."""
