package driver

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestZZPlain(t *testing.T) {
	addr := os.Getenv("ADDR")
	if addr == "" {
		t.Skip()
	}
	rate, _ := strconv.Atoi(os.Getenv("RATE"))
	cpu := cpuTime()
	n := 0
	for range vegeta.NewAttacker().Attack(vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: "http://" + addr + "/pixel.gif"}), vegeta.ConstantPacer{Freq: rate, Per: time.Second}, 5*time.Second, "") {
		n++
	}
	fmt.Println("plain vegeta", n, "cpu/attempt", (cpuTime()-cpu)/time.Duration(n))
}
