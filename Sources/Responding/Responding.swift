// Responding
