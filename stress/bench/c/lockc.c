// SPDX-License-Identifier: GPL-2.0-only
/*
 * A yardstick for npm run bench: locks in C: some threads lock, increment, compute for a while, unlock.
 *
 * lockc <kind> <threads> <ms> <steps inside the lock> <steps outside>, prints one line of JSON.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>
#include <sys/resource.h>
#include <sched.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#include <stdint.h>
#define CL __attribute__((aligned(128)))
static CL _Atomic int L; static CL _Atomic int serving; static CL volatile int counter; static CL volatile int sink; static CL _Atomic int stop;
static CL pthread_mutex_t pm = PTHREAD_MUTEX_INITIALIZER; static CL pthread_mutex_t pam; static CL pthread_spinlock_t ps;
typedef struct CL node { _Atomic(struct node*) next; _Atomic int locked; } node;
static CL _Atomic(node*) mtail; static node nodes[64];
static inline void cpu_relax(void){ __builtin_ia32_pause(); }
static void fwait(_Atomic int*a,int v){ syscall(SYS_futex,a,FUTEX_WAIT_PRIVATE,v,NULL,NULL,0);} 
static void fwake(_Atomic int*a,int n){ syscall(SYS_futex,a,FUTEX_WAKE_PRIVATE,n,NULL,NULL,0);} 
static inline void m2_lock(_Atomic int*a,int spin){ int c=0; if(atomic_compare_exchange_strong(a,&c,1))return; 
  for(int i=0;i<spin;i++){ if(atomic_load_explicit(a,memory_order_relaxed)==0){c=0; if(atomic_compare_exchange_strong(a,&c,1))return;} cpu_relax(); }
  while(atomic_exchange(a,2)!=0) fwait(a,2); }
static inline void m2_unlock(_Atomic int*a){ if(atomic_exchange(a,0)==2) fwake(a,1);} 
static int kind,cs,outw;
static inline void lock(int t){ switch(kind){
 case 0: pthread_mutex_lock(&pm);break; case 1: pthread_spin_lock(&ps);break; case 2: m2_lock(&L,0);break; case 3: m2_lock(&L,100);break;
 case 4: { int tk=atomic_fetch_add(&L,1); while(atomic_load_explicit(&serving,memory_order_acquire)!=tk) cpu_relax(); break; }
 case 5: { node*n=&nodes[t]; atomic_store_explicit(&n->next,NULL,memory_order_relaxed); atomic_store_explicit(&n->locked,1,memory_order_relaxed); node*p=atomic_exchange(&mtail,n); if(p){ atomic_store_explicit(&p->next,n,memory_order_release); while(atomic_load_explicit(&n->locked,memory_order_acquire)) cpu_relax(); } break; }
 case 6: for(;;){ if(!atomic_load_explicit(&L,memory_order_relaxed)&&!atomic_exchange(&L,1)) break; sched_yield(); } break;
 case 7: pthread_mutex_lock(&pam);break; } }
static inline void unlock(int t){ switch(kind){
 case 0: pthread_mutex_unlock(&pm);break; case 1: pthread_spin_unlock(&ps);break; case 2: case 3: m2_unlock(&L);break;
 case 4: atomic_store_explicit(&serving,atomic_load_explicit(&serving,memory_order_relaxed)+1,memory_order_release);break;
 case 5: { node*n=&nodes[t]; node*x=atomic_load_explicit(&n->next,memory_order_acquire); if(!x){ node*e=n; if(atomic_compare_exchange_strong(&mtail,&e,NULL))return; while(!(x=atomic_load_explicit(&n->next,memory_order_acquire))) cpu_relax(); } atomic_store_explicit(&x->locked,0,memory_order_release); break; }
 case 6: atomic_store_explicit(&L,0,memory_order_release);break; case 7: pthread_mutex_unlock(&pam);break; } }
static double cpu_ms(void){ struct rusage u; getrusage(RUSAGE_SELF,&u); return (u.ru_utime.tv_sec+u.ru_stime.tv_sec)*1e3+(u.ru_utime.tv_usec+u.ru_stime.tv_usec)/1e3; }
static double thread_ns(void){ struct timespec ts; clock_gettime(CLOCK_THREAD_CPUTIME_ID,&ts); return ts.tv_sec*1e9+ts.tv_nsec; }
static double now(void){ struct timespec ts; clock_gettime(CLOCK_MONOTONIC,&ts); return ts.tv_sec*1e3+ts.tv_nsec/1e6; }
typedef struct CL { uint64_t ops; double t0,t1,cpu; int id; } targ;
static pthread_barrier_t bar;
static void*thr(void*a){ targ*t=a; uint32_t x=t->id+1; uint64_t ops=0; pthread_barrier_wait(&bar); t->t0=now(); double c0=thread_ns();
 while(!atomic_load(&stop)){ lock(t->id); counter=counter+1; for(int i=0;i<cs;i++) {x=x*1664525u+1013904223u; __asm__ volatile(""::"r"(x));} sink=x; unlock(t->id); ops++; for(int i=0;i<outw;i++){x=x*1664525u+1013904223u; __asm__ volatile(""::"r"(x));} }
 t->t1=now(); t->cpu=thread_ns()-c0; t->ops=ops; return 0; }
static const char*names[]={"c:pthread_mutex","c:pthread_spin","c:mutex2","c:mutex2-spin100","c:ticket-spin","c:mcs-spin","c:tas-yield","c:pthread_adaptive"};
int main(int c,char**v){ for(kind=0;kind<8;kind++) if(!strcmp(names[kind],v[1])) break; int n=atoi(v[2]); int ms=atoi(v[3]); cs=atoi(v[4]); outw=atoi(v[5]);
 pthread_spin_init(&ps,0); pthread_mutexattr_t at; pthread_mutexattr_init(&at); pthread_mutexattr_settype(&at,PTHREAD_MUTEX_ADAPTIVE_NP); pthread_mutex_init(&pam,&at);
 pthread_barrier_init(&bar,0,n+1); pthread_t th[64]; static targ ta[64]; for(int i=0;i<n;i++){ta[i].id=i; pthread_create(&th[i],0,thr,&ta[i]);}
 pthread_barrier_wait(&bar); usleep(ms*1000); atomic_store(&stop,1); for(int i=0;i<n;i++) pthread_join(th[i],0);
 double t0=1e300,t1=0,cpu=0; uint64_t s=0,mn=-1,mx=0; for(int i=0;i<n;i++){ if(ta[i].t0<t0)t0=ta[i].t0; if(ta[i].t1>t1)t1=ta[i].t1; s+=ta[i].ops; cpu+=ta[i].cpu; if(ta[i].ops<mn)mn=ta[i].ops; if(ta[i].ops>mx)mx=ta[i].ops; }
 if(!s){ puts("{\"skip\":\"its threads did not run in that window\"}"); return 0; }
  printf("{\"kind\":\"%s\",\"n\":%d,\"cs\":%d,\"out\":%d,\"ns\":%.2f,\"cpuNs\":%.2f,\"mops\":%.4f,\"least\":%.4f,\"most\":%.4f,\"cpuMs\":%.3f,\"ok\":%s}\n",names[kind],n,cs,outw,(t1-t0)*1e6/s,cpu/s,s/(t1-t0)/1e3,(double)mn*n/s,(double)mx*n/s,cpu_ms(),(uint32_t)s==(uint32_t)counter?"true":"false"); }
