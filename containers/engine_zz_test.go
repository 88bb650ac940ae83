package containers
import ("testing";"time";"fmt";"sync";"strings";"context")
func TestZZStart(t *testing.T){
 ctx:=context.Background()
 e,err:=newDockerEngine(ctx,Options{}); if err!=nil {t.Fatal(err)}
 defer func(){ b:=time.Now(); t.Log("release",e.release(ctx),time.Since(b))}()
 var names []string; for i:=range 15 {names=append(names,fmt.Sprintf("n%d",i))}
 b:=time.Now()
 s,err:=e.reserve(ctx,fmt.Sprintf("zz%d",time.Now().Unix()%100000),names); if err!=nil {t.Fatal(err)}
 t.Log("reserve",time.Since(b))
 for round,cpus:=range []float64{0,0.2,0.1,0} {
 b=time.Now()
 var g sync.WaitGroup
 ps:=make([]process,15)
 for i,n:=range names { g.Go(func(){
  p,err:=e.start(ctx,nodeSpec{Name:n,Image:"haproof/haproxy:3.0",Site:s[n],Command:[]string{"/bin/sh","-c","id; ulimit -n; trap 'exit 0' TERM; while :; do sleep 0.05; done"},CPUs:cpus,Stop:2*time.Second})
  if err!=nil {t.Error(err);return}
  ps[i]=p

 })}
 g.Wait()
 t.Log("start 15",cpus,round,time.Since(b))
 b=time.Now()
 t.Log(ps[3].usage(ctx),time.Since(b)); t.Log(strings.Join(ps[3].logTail(ctx,10),"|"))
 b=time.Now()
 for _,p:=range ps { g.Go(func(){ if err:=p.stop(ctx);err!=nil{t.Error(err)}})}
 g.Wait(); t.Log("stop 15",time.Since(b), ps[3].err())
 }
}
