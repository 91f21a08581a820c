// SPDX-License-Identifier: GPL-2.0-only
/*
 * A yardstick for npm run bench: the path of an event through fs/aio.c v3.17 in user space: same layout and algorithm, C11 atomics.
 *
 * aio_hot <mode S|A|P> <threads> <batch> <ms> <lock 0=spin 1=futex mutex> <contexts 1|N>, prints one line of JSON.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#define CL __attribute__((aligned(64)))
#define MO(x) memory_order_##x
static int lockkind, NCPU;
static inline void relax(void){__builtin_ia32_pause();}
static void fwait(void*a,int v,struct timespec*ts){syscall(SYS_futex,a,FUTEX_WAIT_PRIVATE,v,ts,0,0);} static void fwake(void*a,int n){syscall(SYS_futex,a,FUTEX_WAKE_PRIVATE,n,0,0,0);}
typedef _Atomic int lock_t;
static __attribute__((noinline)) void lock_slow(lock_t*l,int kind){ int c; if(kind==0){ for(;;){ while(atomic_load_explicit(l,MO(relaxed))) relax(); c=0; if(atomic_compare_exchange_strong(l,&c,1)) return; } }
  for(int i=0;i<100;i++){ if(!atomic_load_explicit(l,MO(relaxed))){c=0; if(atomic_compare_exchange_strong(l,&c,1))return;} relax(); } while(atomic_exchange(l,2)) fwait(l,2,0); }
static inline void lk(lock_t*l,int kind){int c=0; if(!atomic_compare_exchange_strong_explicit(l,&c,1,MO(acquire),MO(relaxed))) lock_slow(l,kind);} 
static inline void ul(lock_t*l,int kind){ if(kind==0){atomic_store_explicit(l,0,MO(release));return;} if(atomic_exchange_explicit(l,0,MO(release))==2) fwake(l,1);} 
struct io_event{uint64_t data,obj;int64_t res,res2;};
struct iocb{uint64_t aio_data;uint32_t aio_key,rsv1;uint16_t op;int16_t prio;uint32_t fd;uint64_t buf,nbytes;int64_t off;uint64_t rsv2;uint32_t flags,resfd;};
struct aio_ring{unsigned id,nr;_Atomic unsigned head,tail;unsigned magic,compat,incompat,hlen;struct io_event ev[];};
struct kioctx;
struct kiocb{struct kioctx*ctx;void*filp;uint64_t user_data;uint64_t obj;uint64_t pos,nbytes;void*cancel;struct kiocb*lnext,*lprev;void*eventfd;struct kiocb*free;} CL;
struct pcpu{ CL long users,reqs; unsigned reqs_available; };
struct kioctx{ CL struct pcpu cpu[16]; unsigned nr_events,req_batch; struct aio_ring*pages[16];
  CL _Atomic int reqs_available; CL lock_t ring_lock; _Atomic int wait_active; _Atomic int wait_seq; CL unsigned tail,completed_events; lock_t completion_lock; };
static struct kioctx*ctxs; static CL _Atomic int stop;
struct tls{ CL int cpu; struct kiocb*freelist; uint64_t sub,reap,again; double t0,t1,spent; struct kioctx*ctx; int batch; struct iocb*iocbs; struct io_event*out; } ;
static inline void put_reqs(struct kioctx*c,int cpu,unsigned nr){ struct pcpu*k=&c->cpu[cpu]; k->reqs_available+=nr; while(k->reqs_available>=c->req_batch*2){ k->reqs_available-=c->req_batch; atomic_fetch_add(&c->reqs_available,c->req_batch);} }
static inline int get_reqs(struct kioctx*c,int cpu){ struct pcpu*k=&c->cpu[cpu]; if(!k->reqs_available){ int old,avail=atomic_load_explicit(&c->reqs_available,MO(relaxed)); do{ if(avail<(int)c->req_batch) return 0; old=avail; }while(!atomic_compare_exchange_strong(&c->reqs_available,&avail,avail-c->req_batch)); (void)old; k->reqs_available+=c->req_batch; } k->reqs_available--; return 1; }
static inline void refill(struct kioctx*c,int cpu,unsigned head,unsigned tail){ unsigned in; head%=c->nr_events; in= head<=tail? tail-head : c->nr_events-(head-tail); unsigned comp=c->completed_events; comp = in<comp? comp-in:0; if(!comp) return; c->completed_events-=comp; put_reqs(c,cpu,comp); }
static __attribute__((noinline)) void user_refill(struct kioctx*c,int cpu){ lk(&c->completion_lock,lockkind); if(c->completed_events) refill(c,cpu,atomic_load_explicit(&c->pages[0]->head,MO(relaxed)),c->tail); ul(&c->completion_lock,lockkind); }
static inline struct kiocb* get_req(struct tls*t,struct kioctx*c){ if(!get_reqs(c,t->cpu)){ user_refill(c,t->cpu); if(!get_reqs(c,t->cpu)) return 0; }
  struct kiocb*r=t->freelist; if(!r){ put_reqs(c,t->cpu,1); return 0; } t->freelist=r->free; memset(r,0,sizeof *r); c->cpu[t->cpu].reqs++; r->ctx=c; return r; }
static inline struct io_event*evp(struct kioctx*c,unsigned pos){ pos+=1; return (struct io_event*)c->pages[pos>>7]+(pos&127); }
static inline void aio_complete(struct tls*t,struct kiocb*q,int64_t res,int64_t res2){ struct kioctx*c=q->ctx; if(q->lnext){ }
  lk(&c->completion_lock,lockkind); unsigned tail=c->tail; struct io_event*e=evp(c,tail); if(++tail>=c->nr_events) tail=0; e->obj=q->obj; e->data=q->user_data; e->res=res; e->res2=res2; atomic_thread_fence(MO(release));
  c->tail=tail; struct aio_ring*r=c->pages[0]; unsigned head=atomic_load_explicit(&r->head,MO(relaxed)); atomic_store_explicit(&r->tail,tail,MO(release)); if(++c->completed_events>1) refill(c,t->cpu,head,tail);
  ul(&c->completion_lock,lockkind); if(q->eventfd){} q->free=t->freelist; t->freelist=q; atomic_thread_fence(MO(seq_cst)); if(atomic_load_explicit(&c->wait_active,MO(relaxed))){ atomic_fetch_add(&c->wait_seq,1); fwake(&c->wait_seq,1);} c->cpu[t->cpu].reqs--; }
static inline int submit_one(struct tls*t,struct kioctx*c,struct iocb*u){ struct iocb b=*u; if(b.rsv1||b.rsv2) return -22; if((int64_t)b.nbytes<0) return -22; struct kiocb*r=get_req(t,c); if(!r) return -11; u->aio_key=0; r->obj=(uintptr_t)u; r->user_data=b.aio_data; r->pos=b.off; r->nbytes=b.nbytes; aio_complete(t,r,(int64_t)b.nbytes,0); return 0; }
static inline int io_submit(struct tls*t,struct kioctx*c,int nr,struct iocb*io){ int i; c->cpu[t->cpu].users++; for(i=0;i<nr;i++) if(submit_one(t,c,&io[i])) break; c->cpu[t->cpu].users--; return i; }
static int read_ring(struct kioctx*c,struct io_event*out,int nr){ int ret=0; lk(&c->ring_lock,1); struct aio_ring*r=c->pages[0]; unsigned head=atomic_load_explicit(&r->head,MO(relaxed)),tail=atomic_load_explicit(&r->tail,MO(acquire)); if(head==tail) goto o; head%=c->nr_events; tail%=c->nr_events;
  while(ret<nr){ int avail=(head<=tail?tail:c->nr_events)-head; if(head==tail) break; avail= avail<nr-ret?avail:nr-ret; unsigned pos=(head+1)&127; int pg=128-pos; avail=avail<pg?avail:pg; memcpy(out+ret,evp(c,head),sizeof(struct io_event)*avail); ret+=avail; head+=avail; head%=c->nr_events; }
  atomic_store_explicit(&r->head,head,MO(release)); o: ul(&c->ring_lock,1); return ret; }
static double cpu_ms(void){ struct rusage u; getrusage(RUSAGE_SELF,&u); return (u.ru_utime.tv_sec+u.ru_stime.tv_sec)*1e3+(u.ru_utime.tv_usec+u.ru_stime.tv_usec)/1e3; }
static double thread_ns(void){ struct timespec ts; clock_gettime(CLOCK_THREAD_CPUTIME_ID,&ts); return ts.tv_sec*1e9+ts.tv_nsec; }
static double now(void){struct timespec ts;clock_gettime(CLOCK_MONOTONIC,&ts);return ts.tv_sec*1e3+ts.tv_nsec/1e6;}
static pthread_barrier_t bar; static char mode; static int NT;
static void*thr(void*a){ struct tls*t=a; struct kioctx*c=t->ctx; t->iocbs=calloc(t->batch,sizeof(struct iocb)); t->out=calloc(t->batch,sizeof(struct io_event)); for(int i=0;i<t->batch;i++){t->iocbs[i].aio_data=i;t->iocbs[i].nbytes=4096;}
  struct kiocb*p=aligned_alloc(64,sizeof(struct kiocb)*2048); for(int i=0;i<2048;i++){p[i].free=t->freelist;t->freelist=&p[i];}
  pthread_barrier_wait(&bar); t->t0=now(); double c0=thread_ns();
  int sub = mode!='P' || (t->cpu&1)==0, reap = mode!='P' || (t->cpu&1); if(NT==1) sub=reap=1;
  while(!atomic_load_explicit(&stop,MO(relaxed))){
    if(sub){ int k=io_submit(t,c,t->batch,t->iocbs); t->sub+=k; if(k<t->batch){ t->again++; if(!reap){ struct timespec ts={0,50000}; static CL int dummy; fwait(&dummy,0,&ts);} } }
    if(reap){ int k=read_ring(c,t->out,t->batch); t->reap+=k; if(!k&&!sub){ int s=atomic_load(&c->wait_seq); atomic_fetch_add(&c->wait_active,1); if((k=read_ring(c,t->out,t->batch))==0){ struct timespec ts={0,20000000}; if(!atomic_load(&stop)) fwait(&c->wait_seq,s,&ts);} atomic_fetch_sub(&c->wait_active,1); t->reap+=k; } }
  } t->t1=now(); t->spent=thread_ns()-c0; return 0; }
int main(int n,char**v){ mode=v[1][0]; NT=NCPU=atoi(v[2]); int batch=atoi(v[3]),ms=atoi(v[4]); lockkind=atoi(v[5]); int per=v[6][0]=='N'; int nc=per?NCPU:1; ctxs=aligned_alloc(64,sizeof(struct kioctx)*nc); memset(ctxs,0,sizeof(struct kioctx)*nc);
  for(int i=0;i<nc;i++){ struct kioctx*c=&ctxs[i]; char*pg=aligned_alloc(4096,8*4096); memset(pg,0,8*4096); for(int j=0;j<8;j++) c->pages[j]=(void*)(pg+j*4096); c->nr_events=(8*4096-32)/32; c->pages[0]->nr=c->nr_events; c->pages[0]->hlen=32; atomic_init(&c->reqs_available,c->nr_events-1); c->req_batch=(c->nr_events-1)/(NCPU*4); if(c->req_batch<1)c->req_batch=1; }
  struct tls*t=aligned_alloc(64,sizeof(struct tls)*NCPU); memset(t,0,sizeof(struct tls)*NCPU); pthread_t th[64]; pthread_barrier_init(&bar,0,NCPU+1); for(int i=0;i<NCPU;i++){t[i].cpu=i;t[i].batch=batch;t[i].ctx=&ctxs[per?i:0];pthread_create(&th[i],0,thr,&t[i]);}
  pthread_barrier_wait(&bar); usleep(ms*1000); atomic_store(&stop,1); for(int i=0;i<NCPU;i++)pthread_join(th[i],0);
  double t0=1e300,t1=0,cpu=0; uint64_t s=0,r=0,ag=0; for(int i=0;i<NCPU;i++){ if(t[i].t0<t0)t0=t[i].t0; if(t[i].t1>t1)t1=t[i].t1; s+=t[i].sub; r+=t[i].reap; ag+=t[i].again; cpu+=t[i].spent; } struct io_event e; uint64_t left=0; for(int i=0;i<nc;i++){int k;while((k=read_ring(&ctxs[i],&e,1)))left+=k;}
  if(!r){ puts("{\"skip\":\"its threads did not run in that window\"}"); return 0; }
  printf("{\"kind\":\"c\",\"mode\":\"%c\",\"n\":%d,\"batch\":%d,\"lock\":%d,\"ctx\":\"%s\",\"mev\":%.4f,\"ns\":%.2f,\"cpuNs\":%.2f,\"again\":%lu,\"cpuMs\":%.3f,\"ok\":%s}\n",mode,NCPU,batch,lockkind,v[6],r/(t1-t0)/1e3,(t1-t0)*1e6/r,cpu/r,ag,cpu_ms(),s==r+left?"true":"false"); }
