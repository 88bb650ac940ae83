package containers

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// dockerFacts says for haproof doctor whether a daemon can run labs, and which
// images it has.
func dockerFacts(ctx context.Context) []Fact {
	docker, err := connectDocker(ctx)
	var trouble *EnvironmentError
	if errors.As(err, &trouble) {
		return []Fact{{Subject: "docker", State: StateMissing, Detail: trouble.What + ": " + trouble.Err.Error(), Mend: trouble.Mend}}
	}
	if err != nil {
		return []Fact{{Subject: "docker", State: StateMissing, Detail: err.Error()}}
	}
	return []Fact{docker.fact(), docker.limitFact(), imagesFact(docker.images(ctx))}
}

func (d *docker) fact() Fact {
	detail := fmt.Sprintf("engine %s at %s", d.info.ServerVersion, d.api.DaemonHost())
	if d.rootless() {
		detail += ", rootless"
	}
	return Fact{Subject: "docker", State: StateOK, Detail: detail}
}

func (d *docker) limitFact() Fact {
	f := Fact{Subject: "docker CPU limits", State: StateOK, Detail: "cgroup v" + d.info.CgroupVersion}
	if !d.info.CPUCfsQuota {
		f.State = StateLimited
		f.Detail += ", the daemon cannot limit CPU time"
		f.Mend = "let the daemon have the cpu controller, or use the process engine as root"
	}
	return f
}

func imagesFact(images []Image, err error) Fact {
	f := Fact{Subject: "docker images", State: StateOK}
	if err != nil {
		f.State, f.Detail = StateMissing, err.Error()
		return f
	}
	var words []string
	for _, i := range images {
		words = append(words, i.Name+" "+i.State())
		if !i.Present || i.Stale {
			f.State, f.Mend = StateLimited, "build them: haproof images --build"
		}
	}
	f.Detail = strings.Join(words, ", ")
	return f
}
