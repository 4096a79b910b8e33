// Mailing
