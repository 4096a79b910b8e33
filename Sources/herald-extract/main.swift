// herald-extract: text out of one untrusted document, then exit. See Extraction/Extractor.swift for the words and the
// exit codes.

import Extraction
import Glibc

exit(Extractor.main(Array(CommandLine.arguments.dropFirst())))
