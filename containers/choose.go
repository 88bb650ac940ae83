package containers

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The engines by name.
const (
	EngineAuto   = "auto"
	engineDocker = "docker"
	engineLocal  = "process"
)

// dockerAnswersWithin bounds how long Choose waits for a Docker daemon.
const dockerAnswersWithin = 2 * time.Second

// Choose resolves an engine's name and says why it chose. For auto that is
// docker if a daemon answers within two seconds, else process.
func Choose(ctx context.Context, engine string) (chosen, why string, err error) {
	switch engine {
	case engineDocker, engineLocal:
		return engine, "asked for", nil
	case EngineAuto, "":
	default:
		return "", "", &EnvironmentError{What: fmt.Sprintf("unknown engine %q", engine), Mend: "known engines: auto, docker, process"}
	}
	ctx, cancel := context.WithTimeout(ctx, dockerAnswersWithin)
	defer cancel()
	if err := dockerAnswers(ctx); err != nil {
		return engineLocal, inShort(err), nil
	}
	return engineDocker, "a Docker daemon answers", nil
}

// inShort leaves the cause and the remedy to haproof doctor.
func inShort(err error) string {
	var trouble *EnvironmentError
	if errors.As(err, &trouble) {
		return trouble.What
	}
	return err.Error()
}

// newEngine returns the engine of a chosen name.
func newEngine(ctx context.Context, chosen string, opts Options) (engine, error) {
	if chosen == engineDocker {
		return newDockerEngine(ctx, opts)
	}
	return newProcessEngine(opts), nil
}
