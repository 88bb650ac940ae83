package driver

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/haproof/haproof/harness"
)

func TestZZMeasure(t *testing.T) {
	addr := os.Getenv("ADDR")
	if addr == "" {
		t.Skip()
	}
	rate, _ := strconv.ParseFloat(os.Getenv("RATE"), 64)
	w := harness.Workload{Profile: "ads", Hosts: 100, Customers: 50, Rate: harness.Rate(rate), Duration: 5 * time.Second, Seed: 1}
	d, _ := New("vegeta")
	rec := &harness.Record{}
	rec.Cell.Scenario.Workload = w
	host := harness.ReadHost()
	var err error
	rec.Driven, err = d.Drive(t.Context(), w, []harness.Endpoint{{Node: "p", HTTP: addr}}, func(a harness.Attempt) { rec.Attempts = append(rec.Attempts, a) })
	u := host.Until(harness.ReadHost())
	s := harness.Summarise(rec)
	fmt.Println(err, "n", s.Attempts, "causes", s.Causes, "offered", s.OfferedRPS, "achieved", s.AchievedRPS)
	fmt.Println("lag", s.Lag.P50, s.Lag.P90, s.Lag.P99, s.Lag.Max, "resp", s.Response.P50, s.Response.P99, s.Response.Max, "svc", s.Service.P50, s.Service.P99)
	fmt.Println("cpu/attempt", s.GeneratorCPU/time.Duration(s.Attempts), "host busy", u.Busy, "of", u.Wall*time.Duration(u.Cores), "pressure", u.Pressure, "stolen", u.Stolen)
}
