package containers

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

func engineFact(ctx context.Context) Fact {
	chosen, why, err := Choose(ctx, EngineAuto)
	if err != nil {
		return Fact{Subject: "engine", State: StateMissing, Detail: err.Error()}
	}
	return Fact{Subject: "engine", State: StateOK, Detail: chosen + ": " + why}
}

// programFacts looks for what the process engine runs.
func programFacts(ctx context.Context, opts Options) []Fact {
	var facts []Fact
	for _, p := range []struct {
		program
		flag string
	}{
		{program{"haproxy", "haproxy"}, "-v"}, {program{"nginx", "nginx-light"}, "-v"},
		{program{"php-fpm*", "php-fpm"}, "-v"}, {program{"bash", "bash"}, "--version"},
	} {
		facts = append(facts, programFact(ctx, opts, p.program, p.flag))
	}
	return append(facts, trackerFact(opts))
}

func programFact(ctx context.Context, opts Options, p program, flag string) Fact {
	name := strings.TrimSuffix(p.name, "*")
	path, err := lookPath(p.name, opts.searchPath())
	if err != nil {
		return Fact{Subject: name, State: StateMissing, Detail: "not installed; the process engine needs it", Mend: "apt-get install " + p.install}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	output, err := exec.CommandContext(ctx, path, flag).CombinedOutput() // nginx writes its version to stderr
	if err != nil {
		return Fact{Subject: name, State: StateMissing, Detail: fmt.Sprintf("%s %s: %v", path, flag, err), Mend: "reinstall it: apt-get install --reinstall " + p.install}
	}
	return Fact{Subject: name, State: StateOK, Detail: path + ": " + firstLine(output)}
}

func trackerFact(opts Options) Fact {
	path, err := lookPath(besideOurselves("quota-tracker"), opts.searchPath())
	if err != nil {
		return Fact{Subject: "quota-tracker", State: StateMissing, Detail: "neither beside this program nor on PATH", Mend: "go build -o . ./cmd/quota-tracker"}
	}
	return Fact{Subject: "quota-tracker", State: StateOK, Detail: path}
}

// enoughDescriptors lets HAProxy have maxConn connections.
const enoughDescriptors = 2*maxConn + 400

func descriptorFact() Fact {
	limit := descriptorLimit()
	f := Fact{Subject: "descriptors", State: StateOK, Detail: fmt.Sprintf("at most %d per process", limit)}
	if limit < enoughDescriptors {
		f.State = StateLimited
		f.Mend = fmt.Sprintf("ulimit -Hn %d lets HAProxy hold %d connections", enoughDescriptors, maxConn)
	}
	return f
}

func coresFact() Fact {
	f := Fact{Subject: "cores", State: StateOK, Detail: fmt.Sprint(runtime.NumCPU())}
	if runtime.NumCPU() < 4 {
		f.State = StateLimited
		f.Detail += "; the generator shares them with the nodes"
		f.Mend = "counts are exact on any machine; for rates and latencies use 4 cores or more"
	}
	return f
}

// cgroupFact tries a limit, because only a try tells whether it is allowed.
func cgroupFact(root string) Fact {
	version := cgroupVersion(root)
	g, err := newCgroup(root, "doctor", "trial", 0.5)
	if err == nil {
		err = g.remove()
		_ = removeLabCgroups(root, "doctor")
	}
	if err != nil {
		return Fact{
			Subject: "CPU limits", State: StateLimited,
			Detail: fmt.Sprintf("the process engine cannot set them (cgroup v%d): %v", version, err),
			Mend:   "run as root, or use the docker engine",
		}
	}
	return Fact{Subject: "CPU limits", State: StateOK, Detail: fmt.Sprintf("cgroup v%d, writable", version)}
}
