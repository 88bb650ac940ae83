package reports
import ("testing";"path/filepath";"fmt";"github.com/haproof/haproof/harness")
func TestZZ(t *testing.T){
 for name,b:=range fixtures{ r:=b(); if _,err:=Write(filepath.Join("/tmp/out",name),r);err!=nil{t.Fatal(err)}
  for _,c:=range charts(r){ fmt.Println(name,c.ID,len(c.inline())) }
  fmt.Println("topo",len(topology(r)), "html", len(render(t,HTML,r))) }
 if _,err:=WriteSite("/tmp/out/site",[]*harness.Result{quotaPass(),throughputRun(3)});err!=nil{t.Fatal(err)}
}
