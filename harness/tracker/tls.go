package tracker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// Certificates are what one side of TLS shows and trusts. They come from PEM files,
// which can be read again while connections use them.
type Certificates struct {
	certFile, keyFile, caFile string
	current                   atomic.Pointer[credentials]
}

type credentials struct {
	pair        tls.Certificate
	authorities *x509.CertPool // nil without a file for them
	server      *tls.Config
}

// ReadCertificates reads our certificate and key, and the authorities that must have
// signed the certificates of the other side; none if caFile is empty.
func ReadCertificates(certFile, keyFile, caFile string) (*Certificates, error) {
	c := &Certificates{certFile: certFile, keyFile: keyFile, caFile: caFile}
	return c, c.Reload()
}

// Reload reads the files again. After an error nothing has changed. Connections that
// are open stay as they are.
func (c *Certificates) Reload() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("certificate %s: %w", c.certFile, err)
	}
	next := &credentials{pair: pair}
	if c.caFile != "" {
		pem, err := os.ReadFile(c.caFile)
		if err != nil {
			return fmt.Errorf("authorities: %w", err)
		}
		next.authorities = x509.NewCertPool()
		if !next.authorities.AppendCertsFromPEM(pem) {
			return fmt.Errorf("authorities %s: no certificate in it", c.caFile)
		}
	}
	next.server = next.serverConfig()
	c.current.Store(next)
	return nil
}

func (n *credentials) serverConfig() *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{n.pair}}
	if n.authorities != nil {
		cfg.ClientCAs = n.authorities
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return cfg
}

// Config returns a configuration for both roles that always uses what was read last.
// As a client it wants ServerName to be set.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS12,
		GetConfigForClient:   func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load().server, nil },
		GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c.current.Load().pair, nil },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.current.Load().pair, nil },
		// The authorities of a client's configuration cannot be replaced: what crypto/tls
		// would verify is verified here instead.
		InsecureSkipVerify: true,
		VerifyConnection:   c.verifyServer,
	}
}

// verifyServer checks the chain and the name of a server that we have called. The
// other role never comes here: its configuration is another.
func (c *Certificates) verifyServer(state tls.ConnectionState) error {
	authorities := c.current.Load().authorities
	if authorities == nil || len(state.PeerCertificates) == 0 {
		return errors.New("no authorities to verify the certificate of the other side with")
	}
	intermediates := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		intermediates.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		DNSName: state.ServerName, Roots: authorities, Intermediates: intermediates,
	})
	return err
}

// MutualTLS reads certificates and returns their Config, for peers that show each
// other who they are.
func MutualTLS(certFile, keyFile, caFile string) (*tls.Config, error) {
	if caFile == "" {
		return nil, errors.New("no file of authorities for mutual TLS")
	}
	c, err := ReadCertificates(certFile, keyFile, caFile)
	if err != nil {
		return nil, err
	}
	return c.Config(), nil
}
