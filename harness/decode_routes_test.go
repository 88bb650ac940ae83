package harness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const routed = `
question: Do routes decode?
topology:
  proxy:   {kind: haproxy}
  backend: {kind: web}
workload:
  rate: 10/s
  duration: 5s
  tls: 0.5
  users: {requests: 2, cookies: true}
  routes:
    - {name: pixel, weight: 9, path: "/pixel.gif?c={customer}&u={random:16}", host: "{customer}.ads.test", bytes: 43}
    - name: order
      method: PUT
      path: /order.php?seq={seq}
      host: "{customer}.customers.test"
      header: {X-User: "{user}", Cookie: "sid={cookie:sid}"}
      body: |
        id={seq}
      status: 201
      dynamic: true
      tls: true
    - {name: plain, host: a.ads.test, body: "{{}", tls: 0.25}
checks: [no-errors]
`

func TestRoutesDecodeWithTheirDefaults(t *testing.T) {
	got := load(t, routed).Workload
	bytes, all, quarter := uint64(43), Share(1), Share(0.25)
	want := Workload{
		Driver: "wire", Rate: 10, Duration: 5 * time.Second, Customers: 50, Hosts: 100, Timeout: 10 * time.Second,
		Protocol: ProtocolHTTP1, Route: RouteProxy, Seed: 1, TLS: 0.5, Dynamic: 1. / 11, Users: got.Users,
		Routes: []Template{
			{Name: "pixel", Weight: 9, Method: "GET", Host: "{customer}.ads.test", Path: "/pixel.gif?c={customer}&u={random:16}", Bytes: &bytes},
			{
				Name: "order", Weight: 1, Method: "PUT", Host: "{customer}.customers.test", Path: "/order.php?seq={seq}", Body: "id={seq}\n",
				Header: map[string]string{"X-User": "{user}", "Cookie": "sid={cookie:sid}"}, Status: 201, Dynamic: true, TLS: &all,
			},
			{Name: "plain", Weight: 1, Method: "POST", Host: "a.ads.test", Path: "/", Body: "{{}", TLS: &quarter},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
	if tls := got.OverTLS(); tls != (9*0.5+1+0.25)/11 {
		t.Errorf("%v of the attempts go over TLS", tls)
	}
	// Where all routes agree the mean is exact, because who has TLS on depends on it.
	for _, share := range []Share{0, 1} {
		got.TLS = share
		for i := range got.Routes {
			got.Routes[i].TLS, got.Routes[i].Weight = nil, 3*i+1
		}
		if tls := got.OverTLS(); tls != share {
			t.Errorf("%v of the attempts go over TLS, want %v", tls, share)
		}
	}
}
