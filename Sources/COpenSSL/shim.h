/* OpenSSL 3: TLS, and the hashes of SASL. Many of its calls are macros, which Swift does not import. */
#pragma once
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/pem.h>
#include <openssl/bio.h>

static inline long herald_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline long herald_SSL_CTX_set_min_proto_version(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_min_proto_version(ctx, version);
}
static inline long herald_SSL_CTX_set_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long herald_BIO_get_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline int herald_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }
static inline int herald_ERR_GET_LIB(unsigned long code) { return ERR_GET_LIB(code); }
static inline EVP_PKEY *herald_EVP_EC_gen_p256(void) { return EVP_EC_gen("P-256"); }
