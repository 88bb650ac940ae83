package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/stat: USER_HZ is 100 on every architecture that
// Go runs on (proc(5)).
const clockTick = 10 * time.Millisecond

// HostSample is a reading of the machine's CPU counters. Two of them make a
// HostUsage.
type HostSample struct {
	at       time.Time
	cores    int
	busy     time.Duration
	stolen   time.Duration
	pressure time.Duration
	unknown  []string     // what could not be read
	kernel   *KernelDrops // nil where the kernel does not say
}

// ReadHost reads /proc/stat, /proc/pressure/cpu and /proc/net/netstat. What of the CPU
// cannot be read is said in the usage that is made of the sample.
func ReadHost() HostSample {
	s := HostSample{at: time.Now()}
	s.read("/proc/stat", s.parseStat)
	s.read("/proc/pressure/cpu", s.parsePressure)
	s.kernel = readKernelDrops("/proc/net/netstat")
	return s
}

// Until returns what the machine did from this sample to the later one.
func (s HostSample) Until(later HostSample) HostUsage {
	unknown := s.unknown
	if len(unknown) == 0 {
		unknown = later.unknown
	}
	return HostUsage{
		Wall:     later.at.Sub(s.at),
		Cores:    later.cores,
		Busy:     later.busy - s.busy,
		Stolen:   later.stolen - s.stolen,
		Pressure: later.pressure - s.pressure,
		Unknown:  strings.Join(unknown, "; "),
		Kernel:   s.kernel.until(later.kernel),
	}
}

func (s *HostSample) read(path string, parse func(io.Reader) error) {
	f, err := os.Open(path)
	if err == nil {
		err = parse(f)
		_ = f.Close()
	}
	if err != nil {
		s.unknown = append(s.unknown, err.Error())
	}
}

// parseStat reads the line of all cores, in clock ticks: user nice system idle
// iowait irq softirq steal guest guest_nice. Guests are part of user and nice
// already. The lines cpu0, cpu1 … are counted.
func (s *HostSample) parseStat(r io.Reader) error {
	lines := bufio.NewScanner(r)
	found := false
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 9 || !strings.HasPrefix(fields[0], "cpu") {
			continue
		}
		if fields[0] != "cpu" {
			s.cores++
			continue
		}
		ticks, err := parseTicks(fields[1:9])
		if err != nil {
			return fmt.Errorf("/proc/stat: %w", err)
		}
		found = true
		s.busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
		s.stolen = ticks[7]
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("/proc/stat: %w", err)
	}
	if !found {
		return errors.New("/proc/stat: no line for all cores")
	}
	return nil
}

func parseTicks(fields []string) ([]time.Duration, error) {
	ticks := make([]time.Duration, len(fields))
	for i, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, err
		}
		ticks[i] = time.Duration(n) * clockTick
	}
	return ticks, nil
}

// parsePressure reads the total of the line "some", in microseconds
// (Documentation/accounting/psi.rst of the kernel).
func (s *HostSample) parsePressure(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		rest, some := strings.CutPrefix(lines.Text(), "some ")
		_, total, ok := strings.Cut(rest, "total=")
		if !some || !ok {
			continue
		}
		n, err := strconv.ParseInt(total, 10, 64)
		if err != nil {
			return fmt.Errorf("/proc/pressure/cpu: %w", err)
		}
		s.pressure = time.Duration(n) * time.Microsecond
		return nil
	}
	return errors.Join(lines.Err(), errors.New(`/proc/pressure/cpu: no line "some"`))
}
