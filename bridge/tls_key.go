package bridge

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
)

// tls_key.go - private keys that are encrypted: PKCS #8 with PBES2, as openssl writes them by default,
// and what it wrote before.

var errPassword = errors.New("it is encrypted, and the password is missing or wrong")

// decryptKey returns the text with a key that can be read, if it is encrypted.
func decryptKey(text []byte, password string) ([]byte, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var der []byte
		var err error
		kind := block.Type
		switch {
		case kind == "ENCRYPTED PRIVATE KEY":
			kind = "PRIVATE KEY"
			der, err = decryptPKCS8(block.Bytes, password)
		case x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // keys of that kind are still in use
			if der, err = x509.DecryptPEMBlock(block, []byte(password)); err != nil {
				err = errPassword
			}
		default:
			continue
		}
		return []byte(encodePEM(kind, der)), err
	}
	return text, nil
}

// RFC 5208, RFC 8018.
type encryptedKey struct {
	Algo pkix.AlgorithmIdentifier
	Data []byte
}

type pbes2 struct{ KDF, Cipher pkix.AlgorithmIdentifier }

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

type keyCipher struct {
	key int
	new func([]byte) (cipher.Block, error)
}

var (
	keyCiphers = map[string]keyCipher{
		"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
		"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher}, "1.2.840.113549.3.7": {24, des.NewTripleDESCipher},
	}
	keyHashes = map[string]func() hash.Hash{
		"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
		"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
	}
)

// maxIterations is how much work a key may ask for: openssl asks for 2,048.
const maxIterations = 10_000_000

func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var key encryptedKey
	var how pbes2
	var params pbkdf2Params
	var iv []byte
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return nil, err
	}
	if _, err := asn1.Unmarshal(key.Algo.Parameters.FullBytes, &how); err != nil {
		return nil, errors.New("it is encrypted in a way that luv does not know")
	}
	_, err := asn1.Unmarshal(how.KDF.Parameters.FullBytes, &params)
	if err == nil {
		_, err = asn1.Unmarshal(how.Cipher.Parameters.FullBytes, &iv)
	}
	c, known := keyCiphers[how.Cipher.Algorithm.String()]
	prf, hashed := keyHashes[params.PRF.Algorithm.String()]
	if err != nil || !known || !hashed || params.Iterations > maxIterations {
		return nil, errors.New("it is encrypted in a way that luv does not know")
	}
	secret, err := pbkdf2.Key(prf, password, params.Salt, params.Iterations, c.key)
	if err != nil {
		return nil, err
	}
	return decryptCBC(c, secret, iv, key.Data)
}

func decryptCBC(c keyCipher, secret, iv, data []byte) ([]byte, error) {
	block, err := c.new(secret)
	if err != nil {
		return nil, err
	}
	n := block.BlockSize()
	if len(iv) != n || len(data) == 0 || len(data)%n != 0 {
		return nil, errPassword
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > n {
		return nil, errPassword
	}
	plain = plain[:len(plain)-pad]
	if _, err := x509.ParsePKCS8PrivateKey(plain); err != nil {
		return nil, errPassword
	}
	return plain, nil
}
