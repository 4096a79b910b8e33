// SMTPTransport
