package daemon

import (
	"crypto/tls"
	"errors"

	"github.com/haproof/haproof/harness/tracker"
)

// certificates are all that a daemon uses, to be read again together.
type certificates []*tracker.Certificates

// read returns nil where no files are named.
func (c *certificates) read(t TLSSettings) (*tls.Config, error) {
	if t.empty() {
		return nil, nil
	}
	one, err := tracker.ReadCertificates(t.Cert, t.Key, t.CA)
	if err != nil {
		return nil, err
	}
	*c = append(*c, one)
	return one.Config(), nil
}

// reload reads all of them again. One that cannot be read stays as it was.
func (c certificates) reload() error {
	var errs []error
	for _, one := range c {
		errs = append(errs, one.Reload())
	}
	return errors.Join(errs...)
}
