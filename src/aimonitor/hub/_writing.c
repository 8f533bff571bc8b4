/* The hub's innermost loop: one frame to many sockets. What it does is said, and done in Python, in writing.py.

   In C it saves what a call of os.write costs around the system call, a fifth of a microsecond and two changes of hands
   of the interpreter's lock, which come from cold caches for every picture: a tenth of all that the hub does for it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <sys/socket.h>

/* Bytes of `frame` that the socket took; 0 where it takes none now, or is none. By send(), which finds the socket by a
   shorter way than write() does; Python has write() only for a socket of which it has nothing but the number. */
static Py_ssize_t
write_to_one(int fd, const Py_buffer *frame)
{
    ssize_t taken;
    if (fd < 0) {
        return 0;
    }
    do {
        taken = send(fd, frame->buf, (size_t)frame->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (taken < 0 && errno == EINTR);
    return taken < 0 ? 0 : taken;
}

/* Write to fds[0..count) and append to `taken` what each of them took. -1 with an exception set. */
static int
write_chunk(const int *fds, Py_ssize_t count, const Py_buffer *frame, PyObject *whole, Py_ssize_t *sizes, PyObject *taken)
{
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < count; i++) {
        sizes[i] = write_to_one(fds[i], frame);
    }
    Py_END_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *size = sizes[i] == frame->len ? Py_NewRef(whole) : PyLong_FromSsize_t(sizes[i]);
        int failed = size == NULL || PyList_Append(taken, size);
        Py_XDECREF(size);
        if (failed) {
            return -1;
        }
    }
    return 0;
}

static PyObject *
write_all(const Py_buffer *fds, const Py_buffer *frame, Py_ssize_t chunk, PyObject *waits)
{
    Py_ssize_t total = fds->len / (Py_ssize_t)sizeof(int), done = 0;
    PyObject *taken = PyList_New(0), *whole = PyLong_FromSsize_t(frame->len);
    Py_ssize_t *sizes = PyMem_New(Py_ssize_t, chunk < total ? chunk : total);
    if (taken == NULL || whole == NULL || sizes == NULL) {
        if (sizes == NULL) {
            PyErr_NoMemory();
        }
        Py_CLEAR(taken);
        goto end;
    }
    while (done < total) {
        Py_ssize_t count = chunk < total - done ? chunk : total - done;
        if (write_chunk((const int *)fds->buf + done, count, frame, whole, sizes, taken) < 0) {
            Py_CLEAR(taken);
            break;
        }
        done += count;
        if (count < chunk) {
            break; /* the last ones were fewer: nobody is asked, as in Python */
        }
        PyObject *answer = PyObject_CallNoArgs(waits);
        int waited = answer == NULL ? -1 : PyObject_IsTrue(answer);
        Py_XDECREF(answer);
        if (waited < 0) {
            Py_CLEAR(taken);
        }
        if (waited) {
            break;
        }
    }
end:
    PyMem_Free(sizes);
    Py_XDECREF(whole);
    return taken;
}

static PyObject *
write_to_each(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    Py_buffer fds, frame;
    PyObject *taken = NULL;
    if (count != 4) {
        return PyErr_Format(PyExc_TypeError, "expected fds, frame, chunk and waits, got %zd arguments", count);
    }
    Py_ssize_t chunk = PyLong_AsSsize_t(args[2]);
    if (chunk == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (chunk < 1) {
        return PyErr_Format(PyExc_ValueError, "expected a chunk of at least 1, got %zd", chunk);
    }
    if (PyObject_GetBuffer(args[0], &fds, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        return NULL;
    }
    if (fds.format == NULL || fds.format[0] != 'i' || fds.format[1] != '\0') {
        PyErr_Format(PyExc_TypeError, "expected an array of 'i', got one of '%s'", fds.format ? fds.format : "B");
    }
    else if (PyObject_GetBuffer(args[1], &frame, PyBUF_SIMPLE) == 0) {
        taken = write_all(&fds, &frame, chunk, args[3]);
        PyBuffer_Release(&frame);
    }
    PyBuffer_Release(&fds);
    return taken;
}

static PyMethodDef methods[] = {
    {"write_to_each", (PyCFunction)(void (*)(void))write_to_each, METH_FASTCALL,
     "write_to_each(fds, frame, chunk, waits, /) -> list[int]"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "aimonitor.hub._writing", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__writing(void)
{
    return PyModuleDef_Init(&module);
}
