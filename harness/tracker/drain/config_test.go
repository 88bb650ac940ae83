package drain

import (
	"crypto/tls"
	"net/netip"
	"testing"
	"time"
)

func TestConfigIsValidated(t *testing.T) {
	mutual := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}
	allow := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		cfg Config
		ok  bool
	}{
		{Config{}, false},
		{Config{Listen: []string{"udp://127.0.0.1:5514", "tcp://[::1]:5514", "unix:///run/a", "unixgram:///run/b"}}, true},
		{Config{Listen: []string{"udp://[::ffff:127.0.0.1]:5514"}}, true},
		{Config{Listen: []string{"udp://10.0.0.1:5514"}}, false},
		{Config{Listen: []string{"udp://0.0.0.0:5514"}}, false}, // everywhere is not the loopback
		{Config{Listen: []string{"tcp://10.0.0.1:5514"}}, false},
		{Config{Listen: []string{"tcp://10.0.0.1:5514"}, TLS: &tls.Config{}}, false}, // anybody could send
		{Config{Listen: []string{"tcp://10.0.0.1:5514"}, TLS: mutual}, true},
		{Config{Listen: []string{"udp://10.0.0.1:5514"}, TLS: mutual}, false}, // not protected by it
		{Config{Listen: []string{"udp://10.0.0.1:5514"}, Allow: allow}, true},
		{Config{Listen: []string{"tcp://10.0.0.1:5514"}, Allow: allow}, true},
		{Config{Listen: []string{"127.0.0.1:5514"}}, false},
		{Config{Listen: []string{"udp://localhost:5514"}}, false}, // a name may be anything tomorrow
		{Config{Listen: []string{"udp://127.0.0.1"}}, false},
		{Config{Listen: []string{"unix://run/a"}}, false},
		{Config{Listen: []string{"http://127.0.0.1:80"}}, false},
		{Config{Listen: []string{"udp://127.0.0.1:5514"}, MaxLine: -1}, false},
		{Config{Listen: []string{"udp://127.0.0.1:5514"}, LineTimeout: -time.Second}, false},
	} {
		if err := c.cfg.Validate(); (err == nil) != c.ok {
			t.Errorf("%+v: got %v", c.cfg, err)
		}
	}
}
