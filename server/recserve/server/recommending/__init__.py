"""What an answer is made of: free of gRPC and of TensorFlow."""
