import time
def test_a(lived_in, visiting):
    t=time.time()
    v = visiting(lived_in)
    v.page.goto("/")
    v.page.goto("/console/sign-in")
    print(v.page.title(), time.time()-t)
def test_b(running, visiting):
    v = visiting(running)
    v.page.goto("/")
    time.sleep(1)
