"""The process that owns TensorFlow and one loaded model version."""
