#pragma once
// libcurl. Its setters and getters are variadic, which Swift does not import: one typed function per kind of value.

#include <curl/curl.h>

// The header wraps these names in type-checking macros that a plain forwarding call does not need.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

static inline CURLcode soundgate_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode soundgate_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the string.
static inline CURLcode soundgate_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode soundgate_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl keeps the list, it does not copy it.
static inline CURLcode soundgate_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

/// For read, write and header callbacks, which share one shape.
typedef size_t (*soundgate_curl_data_function)(char *bytes, size_t size, size_t count, void *context);
typedef int (*soundgate_curl_prerequest_function)(
    void *context, char *peer, char *local, int peer_port, int local_port);
typedef curl_socket_t (*soundgate_curl_open_function)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*soundgate_curl_close_function)(void *context, curl_socket_t socket);
typedef int (*soundgate_curl_socket_function)(
    CURL *easy, curl_socket_t socket, int what, void *context, void *assigned);
typedef int (*soundgate_curl_timer_function)(CURLM *multi, long milliseconds, void *context);

static inline CURLcode soundgate_curl_set_data_function(
    CURL *easy, CURLoption option, soundgate_curl_data_function value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode soundgate_curl_set_prerequest_function(
    CURL *easy, soundgate_curl_prerequest_function value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline CURLcode soundgate_curl_set_open_function(CURL *easy, soundgate_curl_open_function value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode soundgate_curl_set_close_function(CURL *easy, soundgate_curl_close_function value) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}

static inline CURLcode soundgate_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

/// The string belongs to libcurl and lives until the next transfer of the handle.
static inline CURLcode soundgate_curl_get_string(CURL *easy, CURLINFO info, char **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode soundgate_curl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode soundgate_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode soundgate_curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode soundgate_curl_multi_set_socket_function(
    CURLM *multi, soundgate_curl_socket_function value) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}

static inline CURLMcode soundgate_curl_multi_set_timer_function(
    CURLM *multi, soundgate_curl_timer_function value) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}

/// The handle of a message from `curl_multi_info_read`, and its result; the message's union is awkward from Swift.
static inline CURLcode soundgate_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}
