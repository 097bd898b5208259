"""Whether the schema takes a document. Made by .ci/compile-schema; do not edit."""

from __future__ import annotations

import re

NoneType = type(None)


class Refused(Exception):
    """The schema does not take it."""


PATTERNS = {
    '^[0-9]+(\\.[0-9]+){0,2}$': '^[0-9]+(\\.[0-9]+){0,2}\\Z',
    '^[a-z0-9][a-z0-9-]*$': '^[a-z0-9][a-z0-9-]*\\Z',
    '^https?://': '^https?://',
    '^[a-z][a-z0-9_]*$': '^[a-z][a-z0-9_]*\\Z',
    '^[A-Za-z0-9][A-Za-z0-9._-]*$': '^[A-Za-z0-9][A-Za-z0-9._-]*\\Z',
    '^x-': '^x-',
    '^(steps|refresh|verify|revoke)\\.[a-z][a-z0-9_]*$': '^(steps|refresh|verify|revoke)\\.[a-z][a-z0-9_]*\\Z',
    '^([1-9][0-9]*[smhd]|.*\\{\\{.*)$': '^([1-9][0-9]*[smhd]|.*\\{\\{.*)\\Z',
    '\\{\\{': '\\{\\{',
    '^[a-z][a-z0-9_]{0,63}$': '^[a-z][a-z0-9_]{0,63}\\Z',
    '^never$': '^never\\Z',
    '^(on|off)$|\\{\\{': '^(on|off)\\Z|\\{\\{',
    '^[^/]+/.+$': '^[^/]+/.+\\Z',
}


def search(pattern: str, text: str) -> object:
    return re.search(PATTERNS[pattern], text)  # compiled when it is needed


def validate(data: object) -> object:
    if not isinstance(data, (dict)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['flowrun']) - data.keys()
        if data__missing_keys:
            raise Refused
        data_keys = set(data.keys())
        if "flowrun" in data_keys:
            data_keys.remove("flowrun")
            data__flowrun = data["flowrun"]
            if not (isinstance(data__flowrun, (int, float)) and not isinstance(data__flowrun, bool) and data__flowrun == 1):
                raise Refused
        if "requires" in data_keys:
            data_keys.remove("requires")
            data__requires = data["requires"]
            if not isinstance(data__requires, (str)):
                raise Refused
            if isinstance(data__requires, str):
                if not search('^[0-9]+(\\.[0-9]+){0,2}$', data__requires):
                    raise Refused
        if "name" in data_keys:
            data_keys.remove("name")
            data__name = data["name"]
            if not isinstance(data__name, (str)):
                raise Refused
            if isinstance(data__name, str):
                if not search('^[a-z0-9][a-z0-9-]*$', data__name):
                    raise Refused
        if "title" in data_keys:
            data_keys.remove("title")
            data__title = data["title"]
            if not isinstance(data__title, (str)):
                raise Refused
        if "docs" in data_keys:
            data_keys.remove("docs")
            data__docs = data["docs"]
            if not isinstance(data__docs, (str)):
                raise Refused
            if isinstance(data__docs, str):
                if not search('^https?://', data__docs):
                    raise Refused
        if "setup" in data_keys:
            data_keys.remove("setup")
            data__setup = data["setup"]
            if not isinstance(data__setup, (str)):
                raise Refused
        if "extends" in data_keys:
            data_keys.remove("extends")
            data__extends = data["extends"]
            if not isinstance(data__extends, (str)):
                raise Refused
            if isinstance(data__extends, str):
                data__extends_len = len(data__extends)
                if data__extends_len < 1:
                    raise Refused
        if "values" in data_keys:
            data_keys.remove("values")
            data__values = data["values"]
            validate___definitions_values(data__values)
        if "inputs" in data_keys:
            data_keys.remove("inputs")
            data__inputs = data["inputs"]
            if not isinstance(data__inputs, (dict)):
                raise Refused
            data__inputs_is_dict = isinstance(data__inputs, dict)
            if data__inputs_is_dict:
                data__inputs_keys = set(data__inputs.keys())
                for data__inputs_key in data__inputs_keys:
                    if data__inputs_key not in []:
                        data__inputs_value = data__inputs.get(data__inputs_key)
                        validate___definitions_input(data__inputs_value)
                data__inputs_len = len(data__inputs)
                if data__inputs_len != 0:
                    data__inputs_property_names = True
                    for data__inputs_key in data__inputs:
                        try:
                            if isinstance(data__inputs_key, str):
                                if not search('^[a-z][a-z0-9_]*$', data__inputs_key):
                                    raise Refused
                        except Refused:
                            data__inputs_property_names = False
                    if not data__inputs_property_names:
                        raise Refused
        if "vars" in data_keys:
            data_keys.remove("vars")
            data__vars = data["vars"]
            if not isinstance(data__vars, (dict)):
                raise Refused
            data__vars_is_dict = isinstance(data__vars, dict)
            if data__vars_is_dict:
                data__vars_keys = set(data__vars.keys())
                for data__vars_key in data__vars_keys:
                    if data__vars_key not in []:
                        data__vars_value = data__vars.get(data__vars_key)
                data__vars_len = len(data__vars)
                if data__vars_len != 0:
                    data__vars_property_names = True
                    for data__vars_key in data__vars:
                        try:
                            if isinstance(data__vars_key, str):
                                if not search('^[a-z][a-z0-9_]*$', data__vars_key):
                                    raise Refused
                        except Refused:
                            data__vars_property_names = False
                    if not data__vars_property_names:
                        raise Refused
        if "defaults" in data_keys:
            data_keys.remove("defaults")
            data__defaults = data["defaults"]
            if not isinstance(data__defaults, (dict)):
                raise Refused
            data__defaults_is_dict = isinstance(data__defaults, dict)
            if data__defaults_is_dict:
                data__defaults_keys = set(data__defaults.keys())
                if "authorize" in data__defaults_keys:
                    data__defaults_keys.remove("authorize")
                    data__defaults__authorize = data__defaults["authorize"]
                    validate___definitions_authorize(data__defaults__authorize)
                if "capture" in data__defaults_keys:
                    data__defaults_keys.remove("capture")
                    data__defaults__capture = data__defaults["capture"]
                    validate___definitions_capture(data__defaults__capture)
                if "http" in data__defaults_keys:
                    data__defaults_keys.remove("http")
                    data__defaults__http = data__defaults["http"]
                    validate___definitions_http(data__defaults__http)
                if "token" in data__defaults_keys:
                    data__defaults_keys.remove("token")
                    data__defaults__token = data__defaults["token"]
                    validate___definitions_token(data__defaults__token)
                if "device" in data__defaults_keys:
                    data__defaults_keys.remove("device")
                    data__defaults__device = data__defaults["device"]
                    validate___definitions_device(data__defaults__device)
                if "ciba" in data__defaults_keys:
                    data__defaults_keys.remove("ciba")
                    data__defaults__ciba = data__defaults["ciba"]
                    validate___definitions_ciba(data__defaults__ciba)
                if "jwt" in data__defaults_keys:
                    data__defaults_keys.remove("jwt")
                    data__defaults__jwt = data__defaults["jwt"]
                    validate___definitions_jwt(data__defaults__jwt)
                if "metadata" in data__defaults_keys:
                    data__defaults_keys.remove("metadata")
                    data__defaults__metadata = data__defaults["metadata"]
                    validate___definitions_metadata(data__defaults__metadata)
                if "register" in data__defaults_keys:
                    data__defaults_keys.remove("register")
                    data__defaults__register = data__defaults["register"]
                    validate___definitions_register(data__defaults__register)
                if "ask" in data__defaults_keys:
                    data__defaults_keys.remove("ask")
                    data__defaults__ask = data__defaults["ask"]
                    validate___definitions_ask(data__defaults__ask)
                if data__defaults_keys:
                    raise Refused
        if "profiles" in data_keys:
            data_keys.remove("profiles")
            data__profiles = data["profiles"]
            if not isinstance(data__profiles, (dict)):
                raise Refused
            data__profiles_is_dict = isinstance(data__profiles, dict)
            if data__profiles_is_dict:
                data__profiles_keys = set(data__profiles.keys())
                for data__profiles_key in data__profiles_keys:
                    if data__profiles_key not in []:
                        data__profiles_value = data__profiles.get(data__profiles_key)
                        validate___definitions_profile(data__profiles_value)
                data__profiles_len = len(data__profiles)
                if data__profiles_len != 0:
                    data__profiles_property_names = True
                    for data__profiles_key in data__profiles:
                        try:
                            if isinstance(data__profiles_key, str):
                                if not search('^[A-Za-z0-9][A-Za-z0-9._-]*$', data__profiles_key):
                                    raise Refused
                        except Refused:
                            data__profiles_property_names = False
                    if not data__profiles_property_names:
                        raise Refused
        if "hosts" in data_keys:
            data_keys.remove("hosts")
            data__hosts = data["hosts"]
            if not isinstance(data__hosts, (list, tuple, NoneType)):
                raise Refused
            data__hosts_is_list = isinstance(data__hosts, (list, tuple))
            if data__hosts_is_list:
                data__hosts_len = len(data__hosts)
                for data__hosts_x, data__hosts_item in enumerate(data__hosts):
                    if not isinstance(data__hosts_item, (str)):
                        raise Refused
                    if isinstance(data__hosts_item, str):
                        data__hosts_item_len = len(data__hosts_item)
                        if data__hosts_item_len < 1:
                            raise Refused
        if "steps" in data_keys:
            data_keys.remove("steps")
            data__steps = data["steps"]
            validate___definitions_steps(data__steps)
        if "refresh" in data_keys:
            data_keys.remove("refresh")
            data__refresh = data["refresh"]
            validate___definitions_steps(data__refresh)
        if "verify" in data_keys:
            data_keys.remove("verify")
            data__verify = data["verify"]
            validate___definitions_steps(data__verify)
        if "revoke" in data_keys:
            data_keys.remove("revoke")
            data__revoke = data["revoke"]
            validate___definitions_steps(data__revoke)
        if "save" in data_keys:
            data_keys.remove("save")
            data__save = data["save"]
            if not isinstance(data__save, (str, dict, NoneType)):
                raise Refused
            if isinstance(data__save, str):
                data__save_len = len(data__save)
                if data__save_len < 1:
                    raise Refused
            data__save_is_dict = isinstance(data__save, dict)
            if data__save_is_dict:
                data__save__missing_keys = set(['name']) - data__save.keys()
                if data__save__missing_keys:
                    raise Refused
                data__save_keys = set(data__save.keys())
                if "name" in data__save_keys:
                    data__save_keys.remove("name")
                    data__save__name = data__save["name"]
                    if not isinstance(data__save__name, (str)):
                        raise Refused
                    if isinstance(data__save__name, str):
                        data__save__name_len = len(data__save__name)
                        if data__save__name_len < 1:
                            raise Refused
                if "keep" in data__save_keys:
                    data__save_keys.remove("keep")
                    data__save__keep = data__save["keep"]
                    if not isinstance(data__save__keep, (dict)):
                        raise Refused
                    data__save__keep_is_dict = isinstance(data__save__keep, dict)
                    if data__save__keep_is_dict:
                        data__save__keep_keys = set(data__save__keep.keys())
                        for data__save__keep_key in data__save__keep_keys:
                            if data__save__keep_key not in []:
                                data__save__keep_value = data__save__keep.get(data__save__keep_key)
                                validate___definitions_expression(data__save__keep_value)
                if "also" in data__save_keys:
                    data__save_keys.remove("also")
                    data__save__also = data__save["also"]
                    if not isinstance(data__save__also, (list, tuple)):
                        raise Refused
                    data__save__also_is_list = isinstance(data__save__also, (list, tuple))
                    if data__save__also_is_list:
                        data__save__also_len = len(data__save__also)
                        for data__save__also_x, data__save__also_item in enumerate(data__save__also):
                            validate___definitions_also(data__save__also_item)
                if data__save_keys:
                    raise Refused
        if "sandbox" in data_keys:
            data_keys.remove("sandbox")
            data__sandbox = data["sandbox"]
            if not isinstance(data__sandbox, (dict)):
                raise Refused
            data__sandbox_is_dict = isinstance(data__sandbox, dict)
            if data__sandbox_is_dict:
                data__sandbox_keys = set(data__sandbox.keys())
                for data__sandbox_key in data__sandbox_keys:
                    if data__sandbox_key not in []:
                        data__sandbox_value = data__sandbox.get(data__sandbox_key)
                        if not isinstance(data__sandbox_value, (dict)):
                            raise Refused
                        data__sandbox_value_is_dict = isinstance(data__sandbox_value, dict)
                        if data__sandbox_value_is_dict:
                            data__sandbox_value_keys = set(data__sandbox_value.keys())
                            if "status" in data__sandbox_value_keys:
                                data__sandbox_value_keys.remove("status")
                                data__sandbox_value__status = data__sandbox_value["status"]
                                if not isinstance(data__sandbox_value__status, (int)) and not (isinstance(data__sandbox_value__status, float) and data__sandbox_value__status.is_integer()) or isinstance(data__sandbox_value__status, bool):
                                    raise Refused
                                if isinstance(data__sandbox_value__status, (int, float)) and not isinstance(data__sandbox_value__status, bool):
                                    if data__sandbox_value__status < 100:
                                        raise Refused
                                    if data__sandbox_value__status > 599:
                                        raise Refused
                            if "json" in data__sandbox_value_keys:
                                data__sandbox_value_keys.remove("json")
                                data__sandbox_value__json = data__sandbox_value["json"]
                            if "callback" in data__sandbox_value_keys:
                                data__sandbox_value_keys.remove("callback")
                                data__sandbox_value__callback = data__sandbox_value["callback"]
                                if not isinstance(data__sandbox_value__callback, (dict)):
                                    raise Refused
                                data__sandbox_value__callback_is_dict = isinstance(data__sandbox_value__callback, dict)
                                if data__sandbox_value__callback_is_dict:
                                    data__sandbox_value__callback_keys = set(data__sandbox_value__callback.keys())
                                    for data__sandbox_value__callback_key in data__sandbox_value__callback_keys:
                                        if data__sandbox_value__callback_key not in []:
                                            data__sandbox_value__callback_value = data__sandbox_value__callback.get(data__sandbox_value__callback_key)
                                            if not isinstance(data__sandbox_value__callback_value, (str, int, float)) or isinstance(data__sandbox_value__callback_value, bool):
                                                raise Refused
                            if data__sandbox_value_keys:
                                raise Refused
        for data_key, data_val in data.items():
            if search('^x-', data_key):
                if data_key in data_keys:
                    data_keys.remove(data_key)
        if data_keys:
            raise Refused
    return data

def validate___definitions_also(data: object) -> object:
    if not isinstance(data, (dict)):
        raise Refused
    data_one_of_count1 = 0
    if data_one_of_count1 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['format']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count1 += 1
        except Refused: pass
    if data_one_of_count1 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['text']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count1 += 1
        except Refused: pass
    if data_one_of_count1 != 1:
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['file']) - data.keys()
        if data__missing_keys:
            raise Refused
        data_keys = set(data.keys())
        if "file" in data_keys:
            data_keys.remove("file")
            data__file = data["file"]
            if not isinstance(data__file, (str)):
                raise Refused
            if isinstance(data__file, str):
                data__file_len = len(data__file)
                if data__file_len < 1:
                    raise Refused
        if "format" in data_keys:
            data_keys.remove("format")
            data__format = data["format"]
            if not (isinstance(data__format, str) and data__format == 'curl' or isinstance(data__format, str) and data__format == 'dotenv' or isinstance(data__format, str) and data__format == 'env' or isinstance(data__format, str) and data__format == 'header' or isinstance(data__format, str) and data__format == 'json' or isinstance(data__format, str) and data__format == 'k8s-secret'):
                raise Refused
        if "text" in data_keys:
            data_keys.remove("text")
            data__text = data["text"]
            if not isinstance(data__text, (str)):
                raise Refused
            if isinstance(data__text, str):
                data__text_len = len(data__text)
                if data__text_len < 1:
                    raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_expression(data: object) -> object:
    if not isinstance(data, (str, bool, int, float, NoneType)):
        raise Refused
    return data

def validate___definitions_steps(data: object) -> object:
    if not isinstance(data, (list, tuple, NoneType)):
        raise Refused
    data_is_list = isinstance(data, (list, tuple))
    if data_is_list:
        data_len = len(data)
        for data_x, data_item in enumerate(data):
            validate___definitions_step(data_item)
    return data

def validate___definitions_step(data: object) -> object:
    if not isinstance(data, (dict)):
        raise Refused
    data_one_of_count2 = 0
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['use']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['authorize']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['capture']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['http']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['token']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['device']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['ciba']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['jwt']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['metadata']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['register']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['set']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['ask']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 < 2:
        try:
            data_is_dict = isinstance(data, dict)
            if data_is_dict:
                data__missing_keys = set(['show']) - data.keys()
                if data__missing_keys:
                    raise Refused
            data_one_of_count2 += 1
        except Refused: pass
    if data_one_of_count2 != 1:
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "id" in data_keys:
            data_keys.remove("id")
            data__id = data["id"]
            if not isinstance(data__id, (str)):
                raise Refused
            if isinstance(data__id, str):
                if not search('^[a-z][a-z0-9_]*$', data__id):
                    raise Refused
        if "title" in data_keys:
            data_keys.remove("title")
            data__title = data["title"]
            if not isinstance(data__title, (str)):
                raise Refused
        if "if" in data_keys:
            data_keys.remove("if")
            data__if = data["if"]
            validate___definitions_expression(data__if)
        if "retry" in data_keys:
            data_keys.remove("retry")
            data__retry = data["retry"]
            if not isinstance(data__retry, (dict)):
                raise Refused
            data__retry_is_dict = isinstance(data__retry, dict)
            if data__retry_is_dict:
                data__retry_keys = set(data__retry.keys())
                if "times" in data__retry_keys:
                    data__retry_keys.remove("times")
                    data__retry__times = data__retry["times"]
                    if not isinstance(data__retry__times, (int)) and not (isinstance(data__retry__times, float) and data__retry__times.is_integer()) or isinstance(data__retry__times, bool):
                        raise Refused
                    if isinstance(data__retry__times, (int, float)) and not isinstance(data__retry__times, bool):
                        if data__retry__times < 1:
                            raise Refused
                        if data__retry__times > 10:
                            raise Refused
                if "wait" in data__retry_keys:
                    data__retry_keys.remove("wait")
                    data__retry__wait = data__retry["wait"]
                    validate___definitions_duration(data__retry__wait)
                if data__retry_keys:
                    raise Refused
        if "poll" in data_keys:
            data_keys.remove("poll")
            data__poll = data["poll"]
            if not isinstance(data__poll, (dict)):
                raise Refused
            data__poll_is_dict = isinstance(data__poll, dict)
            if data__poll_is_dict:
                data__poll_keys = set(data__poll.keys())
                if "until" in data__poll_keys:
                    data__poll_keys.remove("until")
                    data__poll__until = data__poll["until"]
                    validate___definitions_expression(data__poll__until)
                if "every" in data__poll_keys:
                    data__poll_keys.remove("every")
                    data__poll__every = data__poll["every"]
                    validate___definitions_duration(data__poll__every)
                if "timeout" in data__poll_keys:
                    data__poll_keys.remove("timeout")
                    data__poll__timeout = data__poll["timeout"]
                    validate___definitions_duration(data__poll__timeout)
                if data__poll_keys:
                    raise Refused
        if "use" in data_keys:
            data_keys.remove("use")
            data__use = data["use"]
            if not isinstance(data__use, (str)):
                raise Refused
            if isinstance(data__use, str):
                if not search('^(steps|refresh|verify|revoke)\\.[a-z][a-z0-9_]*$', data__use):
                    raise Refused
        if "authorize" in data_keys:
            data_keys.remove("authorize")
            data__authorize = data["authorize"]
            validate___definitions_authorize(data__authorize)
        if "capture" in data_keys:
            data_keys.remove("capture")
            data__capture = data["capture"]
            validate___definitions_capture(data__capture)
        if "http" in data_keys:
            data_keys.remove("http")
            data__http = data["http"]
            validate___definitions_http(data__http)
        if "token" in data_keys:
            data_keys.remove("token")
            data__token = data["token"]
            validate___definitions_token(data__token)
        if "device" in data_keys:
            data_keys.remove("device")
            data__device = data["device"]
            validate___definitions_device(data__device)
        if "ciba" in data_keys:
            data_keys.remove("ciba")
            data__ciba = data["ciba"]
            validate___definitions_ciba(data__ciba)
        if "jwt" in data_keys:
            data_keys.remove("jwt")
            data__jwt = data["jwt"]
            validate___definitions_jwt(data__jwt)
        if "metadata" in data_keys:
            data_keys.remove("metadata")
            data__metadata = data["metadata"]
            validate___definitions_metadata(data__metadata)
        if "register" in data_keys:
            data_keys.remove("register")
            data__register = data["register"]
            validate___definitions_register(data__register)
        if "set" in data_keys:
            data_keys.remove("set")
            data__set = data["set"]
            if not isinstance(data__set, (dict, NoneType)):
                raise Refused
            data__set_is_dict = isinstance(data__set, dict)
            if data__set_is_dict:
                data__set_keys = set(data__set.keys())
                for data__set_key in data__set_keys:
                    if data__set_key not in []:
                        data__set_value = data__set.get(data__set_key)
                        validate___definitions_template(data__set_value)
        if "ask" in data_keys:
            data_keys.remove("ask")
            data__ask = data["ask"]
            validate___definitions_ask(data__ask)
        if "show" in data_keys:
            data_keys.remove("show")
            data__show = data["show"]
            if not isinstance(data__show, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_template(data: object) -> object:
    return data

def validate___definitions_duration(data: object) -> object:
    if not isinstance(data, (str, int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool):
        raise Refused
    if isinstance(data, str):
        if not search('^([1-9][0-9]*[smhd]|.*\\{\\{.*)$', data):
            raise Refused
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        if data < 1:
            raise Refused
    return data

def validate___definitions_profile(data: object) -> object:
    if not isinstance(data, (dict)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "extends" in data_keys:
            data_keys.remove("extends")
            data__extends = data["extends"]
            if not isinstance(data__extends, (str, NoneType)):
                raise Refused
            if isinstance(data__extends, str):
                data__extends_len = len(data__extends)
                if data__extends_len < 1:
                    raise Refused
        for data_key in data_keys:
            if data_key not in ['extends']:
                data_value = data.get(data_key)
                if not isinstance(data_value, (str, int, float, bool, list, tuple, NoneType)):
                    raise Refused
        data_len = len(data)
        if data_len != 0:
            data_property_names = True
            for data_key in data:
                try:
                    if isinstance(data_key, str):
                        if not search('^[a-z][a-z0-9_]*$', data_key):
                            raise Refused
                except Refused:
                    data_property_names = False
            if not data_property_names:
                raise Refused
    return data

def validate___definitions_ask(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "text" in data_keys:
            data_keys.remove("text")
            data__text = data["text"]
            if not isinstance(data__text, (str)):
                raise Refused
        if "choices" in data_keys:
            data_keys.remove("choices")
            data__choices = data["choices"]
            if not isinstance(data__choices, (list, tuple, str)):
                raise Refused
        if "label" in data_keys:
            data_keys.remove("label")
            data__label = data["label"]
            if not isinstance(data__label, (str)):
                raise Refused
        if "value" in data_keys:
            data_keys.remove("value")
            data__value = data["value"]
            if not isinstance(data__value, (str)):
                raise Refused
        if "secret" in data_keys:
            data_keys.remove("secret")
            data__secret = data["secret"]
            if not isinstance(data__secret, (bool)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_register(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "post" in data_keys:
            data_keys.remove("post")
            data__post = data["post"]
            validate___definitions_endpoint(data__post)
        if "delete" in data_keys:
            data_keys.remove("delete")
            data__delete = data["delete"]
            validate___definitions_endpoint(data__delete)
        if "json" in data_keys:
            data_keys.remove("json")
            data__json = data["json"]
            validate___definitions_fields(data__json)
        if "bearer" in data_keys:
            data_keys.remove("bearer")
            data__bearer = data["bearer"]
            validate___definitions_bearer(data__bearer)
        if "headers" in data_keys:
            data_keys.remove("headers")
            data__headers = data["headers"]
            validate___definitions_headers(data__headers)
        if data_keys:
            raise Refused
    return data

def validate___definitions_headers(data: object) -> object:
    validate___definitions_fields(data)
    return data

def validate___definitions_bearer(data: object) -> object:
    if not isinstance(data, (str)):
        raise Refused
    return data

def validate___definitions_fields(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        for data_key in data_keys:
            if data_key not in []:
                data_value = data.get(data_key)
                validate___definitions_template(data_value)
    return data

def validate___definitions_endpoint(data: object) -> object:
    if not isinstance(data, (str)):
        raise Refused
    return data

def validate___definitions_metadata(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "issuer" in data_keys:
            data_keys.remove("issuer")
            data__issuer = data["issuer"]
            validate___definitions_endpoint(data__issuer)
        if "resource" in data_keys:
            data_keys.remove("resource")
            data__resource = data["resource"]
            validate___definitions_endpoint(data__resource)
        if "kind" in data_keys:
            data_keys.remove("kind")
            data__kind = data["kind"]
            data__kind_any_of_count3 = 0
            if not data__kind_any_of_count3:
                try:
                    if not (isinstance(data__kind, str) and data__kind == 'auto' or isinstance(data__kind, str) and data__kind == 'openid' or isinstance(data__kind, str) and data__kind == 'oauth'):
                        raise Refused
                    data__kind_any_of_count3 += 1
                except Refused: pass
            if not data__kind_any_of_count3:
                try:
                    validate___definitions_templated(data__kind)
                    data__kind_any_of_count3 += 1
                except Refused: pass
            if not data__kind_any_of_count3:
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_templated(data: object) -> object:
    if not isinstance(data, (str)):
        raise Refused
    if isinstance(data, str):
        if not search('\\{\\{', data):
            raise Refused
    return data

def validate___definitions_jwt(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "alg" in data_keys:
            data_keys.remove("alg")
            data__alg = data["alg"]
            data__alg_any_of_count4 = 0
            if not data__alg_any_of_count4:
                try:
                    if not (isinstance(data__alg, str) and data__alg == 'HS256' or isinstance(data__alg, str) and data__alg == 'HS384' or isinstance(data__alg, str) and data__alg == 'HS512' or isinstance(data__alg, str) and data__alg == 'RS256' or isinstance(data__alg, str) and data__alg == 'RS384' or isinstance(data__alg, str) and data__alg == 'RS512' or isinstance(data__alg, str) and data__alg == 'PS256' or isinstance(data__alg, str) and data__alg == 'PS384' or isinstance(data__alg, str) and data__alg == 'PS512' or isinstance(data__alg, str) and data__alg == 'ES256' or isinstance(data__alg, str) and data__alg == 'ES384' or isinstance(data__alg, str) and data__alg == 'ES512' or isinstance(data__alg, str) and data__alg == 'EdDSA' or isinstance(data__alg, str) and data__alg == 'Ed25519'):
                        raise Refused
                    data__alg_any_of_count4 += 1
                except Refused: pass
            if not data__alg_any_of_count4:
                try:
                    validate___definitions_templated(data__alg)
                    data__alg_any_of_count4 += 1
                except Refused: pass
            if not data__alg_any_of_count4:
                raise Refused
        if "key" in data_keys:
            data_keys.remove("key")
            data__key = data["key"]
            if not isinstance(data__key, (str)):
                raise Refused
        if "header" in data_keys:
            data_keys.remove("header")
            data__header = data["header"]
            validate___definitions_fields(data__header)
        if "claims" in data_keys:
            data_keys.remove("claims")
            data__claims = data["claims"]
            validate___definitions_fields(data__claims)
        if "lifetime" in data_keys:
            data_keys.remove("lifetime")
            data__lifetime = data["lifetime"]
            validate___definitions_duration(data__lifetime)
        if "public" in data_keys:
            data_keys.remove("public")
            data__public = data["public"]
            validate___definitions_public(data__public)
        if data_keys:
            raise Refused
    return data

def validate___definitions_public(data: object) -> object:
    if not isinstance(data, (list, tuple)):
        raise Refused
    data_is_list = isinstance(data, (list, tuple))
    if data_is_list:
        data_len = len(data)
        for data_x, data_item in enumerate(data):
            if not isinstance(data_item, (str)):
                raise Refused
            if isinstance(data_item, str):
                data_item_len = len(data_item)
                if data_item_len < 1:
                    raise Refused
    return data

def validate___definitions_ciba(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "post" in data_keys:
            data_keys.remove("post")
            data__post = data["post"]
            validate___definitions_endpoint(data__post)
        if "query" in data_keys:
            data_keys.remove("query")
            data__query = data["query"]
            validate___definitions_query(data__query)
        if "headers" in data_keys:
            data_keys.remove("headers")
            data__headers = data["headers"]
            validate___definitions_headers(data__headers)
        if "form" in data_keys:
            data_keys.remove("form")
            data__form = data["form"]
            if not isinstance(data__form, (dict, NoneType)):
                raise Refused
            data__form_is_dict = isinstance(data__form, dict)
            if data__form_is_dict:
                data__form_keys = set(data__form.keys())
                if "scope" in data__form_keys:
                    data__form_keys.remove("scope")
                    data__form__scope = data__form["scope"]
                    validate___definitions_template(data__form__scope)
                if "login_hint" in data__form_keys:
                    data__form_keys.remove("login_hint")
                    data__form__loginhint = data__form["login_hint"]
                    validate___definitions_template(data__form__loginhint)
                if "login_hint_token" in data__form_keys:
                    data__form_keys.remove("login_hint_token")
                    data__form__loginhinttoken = data__form["login_hint_token"]
                    validate___definitions_template(data__form__loginhinttoken)
                if "id_token_hint" in data__form_keys:
                    data__form_keys.remove("id_token_hint")
                    data__form__idtokenhint = data__form["id_token_hint"]
                    validate___definitions_template(data__form__idtokenhint)
                if "binding_message" in data__form_keys:
                    data__form_keys.remove("binding_message")
                    data__form__bindingmessage = data__form["binding_message"]
                    validate___definitions_template(data__form__bindingmessage)
                if "user_code" in data__form_keys:
                    data__form_keys.remove("user_code")
                    data__form__usercode = data__form["user_code"]
                    validate___definitions_template(data__form__usercode)
                if "requested_expiry" in data__form_keys:
                    data__form_keys.remove("requested_expiry")
                    data__form__requestedexpiry = data__form["requested_expiry"]
                    validate___definitions_template(data__form__requestedexpiry)
                if "acr_values" in data__form_keys:
                    data__form_keys.remove("acr_values")
                    data__form__acrvalues = data__form["acr_values"]
                    validate___definitions_template(data__form__acrvalues)
                for data__form_key in data__form_keys:
                    if data__form_key not in ['scope', 'login_hint', 'login_hint_token', 'id_token_hint', 'binding_message', 'user_code', 'requested_expiry', 'acr_values']:
                        data__form_value = data__form.get(data__form_key)
                        validate___definitions_template(data__form_value)
        if "json" in data_keys:
            data_keys.remove("json")
            data__json = data["json"]
            validate___definitions_json(data__json)
        if "params" in data_keys:
            data_keys.remove("params")
            data__params = data["params"]
            validate___definitions_params(data__params)
        if "as" in data_keys:
            data_keys.remove("as")
            data__as = data["as"]
            validate___definitions_as(data__as)
        if "basic" in data_keys:
            data_keys.remove("basic")
            data__basic = data["basic"]
            validate___definitions_basic(data__basic)
        if "client" in data_keys:
            data_keys.remove("client")
            data__client = data["client"]
            validate___definitions_client(data__client)
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            validate___definitions_certificate(data__certificate)
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "order" in data_keys:
            data_keys.remove("order")
            data__order = data["order"]
            validate___definitions_order(data__order)
        if "raw" in data_keys:
            data_keys.remove("raw")
            data__raw = data["raw"]
            validate___definitions_raw(data__raw)
        if "outputs" in data_keys:
            data_keys.remove("outputs")
            data__outputs = data["outputs"]
            validate___definitions_outputs(data__outputs)
        if "public" in data_keys:
            data_keys.remove("public")
            data__public = data["public"]
            validate___definitions_public(data__public)
        if "expect" in data_keys:
            data_keys.remove("expect")
            data__expect = data["expect"]
            validate___definitions_expect(data__expect)
        if data_keys:
            raise Refused
    return data

def validate___definitions_expect(data: object) -> object:
    validate___definitions_expression(data)
    return data

def validate___definitions_outputs(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        for data_key in data_keys:
            if data_key not in []:
                data_value = data.get(data_key)
                validate___definitions_expression(data_value)
    return data

def validate___definitions_raw(data: object) -> object:
    if not isinstance(data, (list, tuple)):
        raise Refused
    data_is_list = isinstance(data, (list, tuple))
    if data_is_list:
        data_len = len(data)
        for data_x, data_item in enumerate(data):
            if not isinstance(data_item, (str)):
                raise Refused
            if isinstance(data_item, str):
                data_item_len = len(data_item)
                if data_item_len < 1:
                    raise Refused
    return data

def validate___definitions_order(data: object) -> object:
    if not isinstance(data, (list, tuple)):
        raise Refused
    data_is_list = isinstance(data, (list, tuple))
    if data_is_list:
        data_len = len(data)
        for data_x, data_item in enumerate(data):
            if not isinstance(data_item, (str)):
                raise Refused
            if isinstance(data_item, str):
                data_item_len = len(data_item)
                if data_item_len < 1:
                    raise Refused
    return data

def validate___definitions_names(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        for data_key in data_keys:
            if data_key not in []:
                data_value = data.get(data_key)
                if not isinstance(data_value, (str, NoneType)):
                    raise Refused
                if isinstance(data_value, str):
                    data_value_len = len(data_value)
                    if data_value_len < 1:
                        raise Refused
    return data

def validate___definitions_certificate(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            if not isinstance(data__certificate, (str, NoneType)):
                raise Refused
        if "key" in data_keys:
            data_keys.remove("key")
            data__key = data["key"]
            if not isinstance(data__key, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_client(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "id" in data_keys:
            data_keys.remove("id")
            data__id = data["id"]
            if not isinstance(data__id, (str)):
                raise Refused
        if "secret" in data_keys:
            data_keys.remove("secret")
            data__secret = data["secret"]
            if not isinstance(data__secret, (str, NoneType)):
                raise Refused
        if "auth" in data_keys:
            data_keys.remove("auth")
            data__auth = data["auth"]
            data__auth_any_of_count5 = 0
            if not data__auth_any_of_count5:
                try:
                    if not (isinstance(data__auth, str) and data__auth == 'post' or isinstance(data__auth, str) and data__auth == 'basic' or isinstance(data__auth, str) and data__auth == 'basic-raw' or isinstance(data__auth, str) and data__auth == 'none' or isinstance(data__auth, str) and data__auth == 'client_secret_jwt' or isinstance(data__auth, str) and data__auth == 'private_key_jwt' or isinstance(data__auth, str) and data__auth == 'tls'):
                        raise Refused
                    data__auth_any_of_count5 += 1
                except Refused: pass
            if not data__auth_any_of_count5:
                try:
                    validate___definitions_templated(data__auth)
                    data__auth_any_of_count5 += 1
                except Refused: pass
            if not data__auth_any_of_count5:
                raise Refused
        if "key" in data_keys:
            data_keys.remove("key")
            data__key = data["key"]
            if not isinstance(data__key, (str, NoneType)):
                raise Refused
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            if not isinstance(data__certificate, (str, NoneType)):
                raise Refused
        if "key_id" in data_keys:
            data_keys.remove("key_id")
            data__keyid = data["key_id"]
            if not isinstance(data__keyid, (str, NoneType)):
                raise Refused
        if "alg" in data_keys:
            data_keys.remove("alg")
            data__alg = data["alg"]
            data__alg_any_of_count6 = 0
            if not data__alg_any_of_count6:
                try:
                    if not (isinstance(data__alg, str) and data__alg == 'HS256' or isinstance(data__alg, str) and data__alg == 'HS384' or isinstance(data__alg, str) and data__alg == 'HS512' or isinstance(data__alg, str) and data__alg == 'RS256' or isinstance(data__alg, str) and data__alg == 'RS384' or isinstance(data__alg, str) and data__alg == 'RS512' or isinstance(data__alg, str) and data__alg == 'PS256' or isinstance(data__alg, str) and data__alg == 'PS384' or isinstance(data__alg, str) and data__alg == 'PS512' or isinstance(data__alg, str) and data__alg == 'ES256' or isinstance(data__alg, str) and data__alg == 'ES384' or isinstance(data__alg, str) and data__alg == 'ES512' or isinstance(data__alg, str) and data__alg == 'EdDSA' or isinstance(data__alg, str) and data__alg == 'Ed25519'):
                        raise Refused
                    data__alg_any_of_count6 += 1
                except Refused: pass
            if not data__alg_any_of_count6:
                try:
                    validate___definitions_templated(data__alg)
                    data__alg_any_of_count6 += 1
                except Refused: pass
            if not data__alg_any_of_count6:
                try:
                    if not isinstance(data__alg, (NoneType)):
                        raise Refused
                    data__alg_any_of_count6 += 1
                except Refused: pass
            if not data__alg_any_of_count6:
                raise Refused
        if "audience" in data_keys:
            data_keys.remove("audience")
            data__audience = data["audience"]
            if not isinstance(data__audience, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_basic(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data__missing_keys = set(['user', 'password']) - data.keys()
        if data__missing_keys:
            raise Refused
        data_keys = set(data.keys())
        if "user" in data_keys:
            data_keys.remove("user")
            data__user = data["user"]
            if not isinstance(data__user, (str, NoneType)):
                raise Refused
        if "password" in data_keys:
            data_keys.remove("password")
            data__password = data["password"]
            if not isinstance(data__password, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_as(data: object) -> object:
    data_any_of_count7 = 0
    if not data_any_of_count7:
        try:
            if not (isinstance(data, str) and data == 'form' or isinstance(data, str) and data == 'json' or isinstance(data, str) and data == 'query'):
                raise Refused
            data_any_of_count7 += 1
        except Refused: pass
    if not data_any_of_count7:
        try:
            validate___definitions_templated(data)
            data_any_of_count7 += 1
        except Refused: pass
    if not data_any_of_count7:
        raise Refused
    return data

def validate___definitions_params(data: object) -> object:
    validate___definitions_fields(data)
    return data

def validate___definitions_json(data: object) -> object:
    validate___definitions_template(data)
    return data

def validate___definitions_query(data: object) -> object:
    validate___definitions_fields(data)
    return data

def validate___definitions_device(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "post" in data_keys:
            data_keys.remove("post")
            data__post = data["post"]
            validate___definitions_endpoint(data__post)
        if "query" in data_keys:
            data_keys.remove("query")
            data__query = data["query"]
            validate___definitions_query(data__query)
        if "headers" in data_keys:
            data_keys.remove("headers")
            data__headers = data["headers"]
            validate___definitions_headers(data__headers)
        if "form" in data_keys:
            data_keys.remove("form")
            data__form = data["form"]
            validate___definitions_form(data__form)
        if "json" in data_keys:
            data_keys.remove("json")
            data__json = data["json"]
            validate___definitions_json(data__json)
        if "params" in data_keys:
            data_keys.remove("params")
            data__params = data["params"]
            validate___definitions_params(data__params)
        if "as" in data_keys:
            data_keys.remove("as")
            data__as = data["as"]
            validate___definitions_as(data__as)
        if "basic" in data_keys:
            data_keys.remove("basic")
            data__basic = data["basic"]
            validate___definitions_basic(data__basic)
        if "client" in data_keys:
            data_keys.remove("client")
            data__client = data["client"]
            validate___definitions_client(data__client)
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            validate___definitions_certificate(data__certificate)
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "order" in data_keys:
            data_keys.remove("order")
            data__order = data["order"]
            validate___definitions_order(data__order)
        if "raw" in data_keys:
            data_keys.remove("raw")
            data__raw = data["raw"]
            validate___definitions_raw(data__raw)
        if "outputs" in data_keys:
            data_keys.remove("outputs")
            data__outputs = data["outputs"]
            validate___definitions_outputs(data__outputs)
        if "public" in data_keys:
            data_keys.remove("public")
            data__public = data["public"]
            validate___definitions_public(data__public)
        if "expect" in data_keys:
            data_keys.remove("expect")
            data__expect = data["expect"]
            validate___definitions_expect(data__expect)
        if data_keys:
            raise Refused
    return data

def validate___definitions_form(data: object) -> object:
    validate___definitions_fields(data)
    return data

def validate___definitions_token(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "get" in data_keys:
            data_keys.remove("get")
            data__get = data["get"]
            validate___definitions_endpoint(data__get)
        if "post" in data_keys:
            data_keys.remove("post")
            data__post = data["post"]
            validate___definitions_endpoint(data__post)
        if "put" in data_keys:
            data_keys.remove("put")
            data__put = data["put"]
            validate___definitions_endpoint(data__put)
        if "patch" in data_keys:
            data_keys.remove("patch")
            data__patch = data["patch"]
            validate___definitions_endpoint(data__patch)
        if "query" in data_keys:
            data_keys.remove("query")
            data__query = data["query"]
            validate___definitions_query(data__query)
        if "headers" in data_keys:
            data_keys.remove("headers")
            data__headers = data["headers"]
            validate___definitions_headers(data__headers)
        if "form" in data_keys:
            data_keys.remove("form")
            data__form = data["form"]
            validate___definitions_form(data__form)
        if "json" in data_keys:
            data_keys.remove("json")
            data__json = data["json"]
            validate___definitions_json(data__json)
        if "text" in data_keys:
            data_keys.remove("text")
            data__text = data["text"]
            if not isinstance(data__text, (str)):
                raise Refused
        if "params" in data_keys:
            data_keys.remove("params")
            data__params = data["params"]
            validate___definitions_params(data__params)
        if "as" in data_keys:
            data_keys.remove("as")
            data__as = data["as"]
            validate___definitions_as(data__as)
        if "bearer" in data_keys:
            data_keys.remove("bearer")
            data__bearer = data["bearer"]
            validate___definitions_bearer(data__bearer)
        if "dpop" in data_keys:
            data_keys.remove("dpop")
            data__dpop = data["dpop"]
            validate___definitions_dpop(data__dpop)
        if "basic" in data_keys:
            data_keys.remove("basic")
            data__basic = data["basic"]
            validate___definitions_basic(data__basic)
        if "client" in data_keys:
            data_keys.remove("client")
            data__client = data["client"]
            validate___definitions_client(data__client)
        if "oauth1" in data_keys:
            data_keys.remove("oauth1")
            data__oauth1 = data["oauth1"]
            validate___definitions_oauth1_token(data__oauth1)
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            validate___definitions_certificate(data__certificate)
        if "name" in data_keys:
            data_keys.remove("name")
            data__name = data["name"]
            if not isinstance(data__name, (str)):
                raise Refused
            if isinstance(data__name, str):
                if not search('^[a-z][a-z0-9_]{0,63}$', data__name):
                    raise Refused
        if "answer" in data_keys:
            data_keys.remove("answer")
            data__answer = data["answer"]
            validate___definitions_expression(data__answer)
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "order" in data_keys:
            data_keys.remove("order")
            data__order = data["order"]
            validate___definitions_order(data__order)
        if "raw" in data_keys:
            data_keys.remove("raw")
            data__raw = data["raw"]
            validate___definitions_raw(data__raw)
        if "unwrap" in data_keys:
            data_keys.remove("unwrap")
            data__unwrap = data["unwrap"]
            if not isinstance(data__unwrap, (str)):
                raise Refused
        if "outputs" in data_keys:
            data_keys.remove("outputs")
            data__outputs = data["outputs"]
            validate___definitions_outputs(data__outputs)
        if "public" in data_keys:
            data_keys.remove("public")
            data__public = data["public"]
            validate___definitions_public(data__public)
        if "expect" in data_keys:
            data_keys.remove("expect")
            data__expect = data["expect"]
            validate___definitions_expect(data__expect)
        if "issuer" in data_keys:
            data_keys.remove("issuer")
            data__issuer = data["issuer"]
            if not isinstance(data__issuer, (str)):
                raise Refused
        if "jwks" in data_keys:
            data_keys.remove("jwks")
            data__jwks = data["jwks"]
            validate___definitions_jwks(data__jwks)
        if "id_token" in data_keys:
            data_keys.remove("id_token")
            data__idtoken = data["id_token"]
            validate___definitions_believed(data__idtoken)
        if "expires" in data_keys:
            data_keys.remove("expires")
            data__expires = data["expires"]
            if not isinstance(data__expires, (dict, str)):
                raise Refused
            data__expires_one_of_count8 = 0
            if data__expires_one_of_count8 < 2:
                try:
                    if not isinstance(data__expires, (dict)):
                        raise Refused
                    data__expires_is_dict = isinstance(data__expires, dict)
                    if data__expires_is_dict:
                        data__expires__missing_keys = set(['in']) - data__expires.keys()
                        if data__expires__missing_keys:
                            raise Refused
                    data__expires_one_of_count8 += 1
                except Refused: pass
            if data__expires_one_of_count8 < 2:
                try:
                    if not isinstance(data__expires, (dict)):
                        raise Refused
                    data__expires_is_dict = isinstance(data__expires, dict)
                    if data__expires_is_dict:
                        data__expires__missing_keys = set(['at']) - data__expires.keys()
                        if data__expires__missing_keys:
                            raise Refused
                    data__expires_one_of_count8 += 1
                except Refused: pass
            if data__expires_one_of_count8 < 2:
                try:
                    if not isinstance(data__expires, (str)):
                        raise Refused
                    data__expires_one_of_count8 += 1
                except Refused: pass
            if data__expires_one_of_count8 != 1:
                raise Refused
            if isinstance(data__expires, str):
                if not search('^never$', data__expires):
                    raise Refused
            data__expires_is_dict = isinstance(data__expires, dict)
            if data__expires_is_dict:
                data__expires_len = len(data__expires)
                if data__expires_len < 1:
                    raise Refused
                if "unit" in data__expires:
                    if "in" not in data__expires:
                        raise Refused
                if "format" in data__expires:
                    if "at" not in data__expires:
                        raise Refused
                data__expires_keys = set(data__expires.keys())
                if "in" in data__expires_keys:
                    data__expires_keys.remove("in")
                    data__expires__in = data__expires["in"]
                    validate___definitions_expression(data__expires__in)
                if "unit" in data__expires_keys:
                    data__expires_keys.remove("unit")
                    data__expires__unit = data__expires["unit"]
                    if not (isinstance(data__expires__unit, str) and data__expires__unit == 'ms' or isinstance(data__expires__unit, str) and data__expires__unit == 's' or isinstance(data__expires__unit, str) and data__expires__unit == 'm' or isinstance(data__expires__unit, str) and data__expires__unit == 'h' or isinstance(data__expires__unit, str) and data__expires__unit == 'd'):
                        raise Refused
                if "at" in data__expires_keys:
                    data__expires_keys.remove("at")
                    data__expires__at = data__expires["at"]
                    validate___definitions_expression(data__expires__at)
                if "format" in data__expires_keys:
                    data__expires_keys.remove("format")
                    data__expires__format = data__expires["format"]
                    if not isinstance(data__expires__format, (str)):
                        raise Refused
                    if isinstance(data__expires__format, str):
                        data__expires__format_len = len(data__expires__format)
                        if data__expires__format_len < 1:
                            raise Refused
                if data__expires_keys:
                    raise Refused
        if "refresh_expires" in data_keys:
            data_keys.remove("refresh_expires")
            data__refreshexpires = data["refresh_expires"]
            if not isinstance(data__refreshexpires, (dict, NoneType)):
                raise Refused
            data__refreshexpires_one_of_count9 = 0
            if data__refreshexpires_one_of_count9 < 2:
                try:
                    if not isinstance(data__refreshexpires, (NoneType)):
                        raise Refused
                    data__refreshexpires_one_of_count9 += 1
                except Refused: pass
            if data__refreshexpires_one_of_count9 < 2:
                try:
                    if not isinstance(data__refreshexpires, (dict)):
                        raise Refused
                    data__refreshexpires_is_dict = isinstance(data__refreshexpires, dict)
                    if data__refreshexpires_is_dict:
                        data__refreshexpires__missing_keys = set(['in']) - data__refreshexpires.keys()
                        if data__refreshexpires__missing_keys:
                            raise Refused
                    data__refreshexpires_one_of_count9 += 1
                except Refused: pass
            if data__refreshexpires_one_of_count9 < 2:
                try:
                    if not isinstance(data__refreshexpires, (dict)):
                        raise Refused
                    data__refreshexpires_is_dict = isinstance(data__refreshexpires, dict)
                    if data__refreshexpires_is_dict:
                        data__refreshexpires__missing_keys = set(['at']) - data__refreshexpires.keys()
                        if data__refreshexpires__missing_keys:
                            raise Refused
                    data__refreshexpires_one_of_count9 += 1
                except Refused: pass
            if data__refreshexpires_one_of_count9 != 1:
                raise Refused
            data__refreshexpires_is_dict = isinstance(data__refreshexpires, dict)
            if data__refreshexpires_is_dict:
                data__refreshexpires_len = len(data__refreshexpires)
                if data__refreshexpires_len < 1:
                    raise Refused
                if "unit" in data__refreshexpires:
                    if "in" not in data__refreshexpires:
                        raise Refused
                if "format" in data__refreshexpires:
                    if "at" not in data__refreshexpires:
                        raise Refused
                data__refreshexpires_keys = set(data__refreshexpires.keys())
                if "in" in data__refreshexpires_keys:
                    data__refreshexpires_keys.remove("in")
                    data__refreshexpires__in = data__refreshexpires["in"]
                    validate___definitions_expression(data__refreshexpires__in)
                if "unit" in data__refreshexpires_keys:
                    data__refreshexpires_keys.remove("unit")
                    data__refreshexpires__unit = data__refreshexpires["unit"]
                    if not (isinstance(data__refreshexpires__unit, str) and data__refreshexpires__unit == 'ms' or isinstance(data__refreshexpires__unit, str) and data__refreshexpires__unit == 's' or isinstance(data__refreshexpires__unit, str) and data__refreshexpires__unit == 'm' or isinstance(data__refreshexpires__unit, str) and data__refreshexpires__unit == 'h' or isinstance(data__refreshexpires__unit, str) and data__refreshexpires__unit == 'd'):
                        raise Refused
                if "at" in data__refreshexpires_keys:
                    data__refreshexpires_keys.remove("at")
                    data__refreshexpires__at = data__refreshexpires["at"]
                    validate___definitions_expression(data__refreshexpires__at)
                if "format" in data__refreshexpires_keys:
                    data__refreshexpires_keys.remove("format")
                    data__refreshexpires__format = data__refreshexpires["format"]
                    if not isinstance(data__refreshexpires__format, (str)):
                        raise Refused
                    if isinstance(data__refreshexpires__format, str):
                        data__refreshexpires__format_len = len(data__refreshexpires__format)
                        if data__refreshexpires__format_len < 1:
                            raise Refused
                if data__refreshexpires_keys:
                    raise Refused
        if "errors" in data_keys:
            data_keys.remove("errors")
            data__errors = data["errors"]
            if not isinstance(data__errors, (dict, NoneType)):
                raise Refused
            data__errors_is_dict = isinstance(data__errors, dict)
            if data__errors_is_dict:
                data__errors_keys = set(data__errors.keys())
                if "code" in data__errors_keys:
                    data__errors_keys.remove("code")
                    data__errors__code = data__errors["code"]
                    validate___definitions_expression(data__errors__code)
                if "text" in data__errors_keys:
                    data__errors_keys.remove("text")
                    data__errors__text = data__errors["text"]
                    validate___definitions_expression(data__errors__text)
                if "hints" in data__errors_keys:
                    data__errors_keys.remove("hints")
                    data__errors__hints = data__errors["hints"]
                    if not isinstance(data__errors__hints, (dict)):
                        raise Refused
                    data__errors__hints_is_dict = isinstance(data__errors__hints, dict)
                    if data__errors__hints_is_dict:
                        data__errors__hints_keys = set(data__errors__hints.keys())
                        for data__errors__hints_key in data__errors__hints_keys:
                            if data__errors__hints_key not in []:
                                data__errors__hints_value = data__errors__hints.get(data__errors__hints_key)
                                if not isinstance(data__errors__hints_value, (str)):
                                    raise Refused
                if "ends" in data__errors_keys:
                    data__errors_keys.remove("ends")
                    data__errors__ends = data__errors["ends"]
                    if not isinstance(data__errors__ends, (list, tuple)):
                        raise Refused
                    data__errors__ends_is_list = isinstance(data__errors__ends, (list, tuple))
                    if data__errors__ends_is_list:
                        data__errors__ends_len = len(data__errors__ends)
                        for data__errors__ends_x, data__errors__ends_item in enumerate(data__errors__ends):
                            if not isinstance(data__errors__ends_item, (str)):
                                raise Refused
                if data__errors_keys:
                    raise Refused
        if "refresh_before" in data_keys:
            data_keys.remove("refresh_before")
            data__refreshbefore = data["refresh_before"]
            validate___definitions_duration(data__refreshbefore)
        if "rotates" in data_keys:
            data_keys.remove("rotates")
            data__rotates = data["rotates"]
            if not isinstance(data__rotates, (bool)):
                raise Refused
        if "grace" in data_keys:
            data_keys.remove("grace")
            data__grace = data["grace"]
            validate___definitions_duration(data__grace)
        if data_keys:
            raise Refused
    return data

def validate___definitions_believed(data: object) -> object:
    if not isinstance(data, (dict, str, bool, NoneType)):
        raise Refused
    if isinstance(data, str):
        if not search('^(on|off)$|\\{\\{', data):
            raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "alg" in data_keys:
            data_keys.remove("alg")
            data__alg = data["alg"]
            if not isinstance(data__alg, (list, tuple, str)):
                raise Refused
        if "audience" in data_keys:
            data_keys.remove("audience")
            data__audience = data["audience"]
            if not isinstance(data__audience, (str)):
                raise Refused
        if "leeway" in data_keys:
            data_keys.remove("leeway")
            data__leeway = data["leeway"]
            validate___definitions_duration(data__leeway)
        if "secret" in data_keys:
            data_keys.remove("secret")
            data__secret = data["secret"]
            if not isinstance(data__secret, (str, NoneType)):
                raise Refused
        if "decrypt" in data_keys:
            data_keys.remove("decrypt")
            data__decrypt = data["decrypt"]
            if not isinstance(data__decrypt, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_jwks(data: object) -> object:
    validate___definitions_endpoint(data)
    return data

def validate___definitions_oauth1_token(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "consumer_key" in data_keys:
            data_keys.remove("consumer_key")
            data__consumerkey = data["consumer_key"]
            if not isinstance(data__consumerkey, (str, NoneType)):
                raise Refused
        if "consumer_secret" in data_keys:
            data_keys.remove("consumer_secret")
            data__consumersecret = data["consumer_secret"]
            if not isinstance(data__consumersecret, (str, NoneType)):
                raise Refused
        if "private_key" in data_keys:
            data_keys.remove("private_key")
            data__privatekey = data["private_key"]
            if not isinstance(data__privatekey, (str, NoneType)):
                raise Refused
        if "token" in data_keys:
            data_keys.remove("token")
            data__token = data["token"]
            if not isinstance(data__token, (str, NoneType)):
                raise Refused
        if "token_secret" in data_keys:
            data_keys.remove("token_secret")
            data__tokensecret = data["token_secret"]
            if not isinstance(data__tokensecret, (str, NoneType)):
                raise Refused
        if "method" in data_keys:
            data_keys.remove("method")
            data__method = data["method"]
            data__method_any_of_count10 = 0
            if not data__method_any_of_count10:
                try:
                    if not (isinstance(data__method, str) and data__method == 'HMAC-SHA1' or isinstance(data__method, str) and data__method == 'HMAC-SHA256' or isinstance(data__method, str) and data__method == 'HMAC-SHA512' or isinstance(data__method, str) and data__method == 'RSA-SHA1' or isinstance(data__method, str) and data__method == 'RSA-SHA256' or isinstance(data__method, str) and data__method == 'RSA-SHA512' or isinstance(data__method, str) and data__method == 'PLAINTEXT'):
                        raise Refused
                    data__method_any_of_count10 += 1
                except Refused: pass
            if not data__method_any_of_count10:
                try:
                    validate___definitions_templated(data__method)
                    data__method_any_of_count10 += 1
                except Refused: pass
            if not data__method_any_of_count10:
                raise Refused
        if "in" in data_keys:
            data_keys.remove("in")
            data__in = data["in"]
            data__in_any_of_count11 = 0
            if not data__in_any_of_count11:
                try:
                    if not (isinstance(data__in, str) and data__in == 'header' or isinstance(data__in, str) and data__in == 'query' or isinstance(data__in, str) and data__in == 'body'):
                        raise Refused
                    data__in_any_of_count11 += 1
                except Refused: pass
            if not data__in_any_of_count11:
                try:
                    validate___definitions_templated(data__in)
                    data__in_any_of_count11 += 1
                except Refused: pass
            if not data__in_any_of_count11:
                raise Refused
        if "verifier" in data_keys:
            data_keys.remove("verifier")
            data__verifier = data["verifier"]
            if not isinstance(data__verifier, (str, NoneType)):
                raise Refused
        if "realm" in data_keys:
            data_keys.remove("realm")
            data__realm = data["realm"]
            if not isinstance(data__realm, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_dpop(data: object) -> object:
    data_any_of_count12 = 0
    if not data_any_of_count12:
        try:
            if not (isinstance(data, str) and data == 'on' or isinstance(data, str) and data == 'off' or isinstance(data, bool) and data is True or isinstance(data, bool) and data is False or isinstance(data, str) and data == 'true' or isinstance(data, str) and data == 'false' or isinstance(data, str) and data == 'ES256' or isinstance(data, str) and data == 'ES384' or isinstance(data, str) and data == 'ES512' or isinstance(data, str) and data == 'EdDSA' or isinstance(data, str) and data == 'Ed25519' or isinstance(data, str) and data == 'RS256' or isinstance(data, str) and data == 'RS384' or isinstance(data, str) and data == 'RS512' or isinstance(data, str) and data == 'PS256' or isinstance(data, str) and data == 'PS384' or isinstance(data, str) and data == 'PS512'):
                raise Refused
            data_any_of_count12 += 1
        except Refused: pass
    if not data_any_of_count12:
        try:
            validate___definitions_templated(data)
            data_any_of_count12 += 1
        except Refused: pass
    if not data_any_of_count12:
        raise Refused
    return data

def validate___definitions_http(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "get" in data_keys:
            data_keys.remove("get")
            data__get = data["get"]
            validate___definitions_endpoint(data__get)
        if "post" in data_keys:
            data_keys.remove("post")
            data__post = data["post"]
            validate___definitions_endpoint(data__post)
        if "put" in data_keys:
            data_keys.remove("put")
            data__put = data["put"]
            validate___definitions_endpoint(data__put)
        if "patch" in data_keys:
            data_keys.remove("patch")
            data__patch = data["patch"]
            validate___definitions_endpoint(data__patch)
        if "delete" in data_keys:
            data_keys.remove("delete")
            data__delete = data["delete"]
            validate___definitions_endpoint(data__delete)
        if "query" in data_keys:
            data_keys.remove("query")
            data__query = data["query"]
            validate___definitions_query(data__query)
        if "headers" in data_keys:
            data_keys.remove("headers")
            data__headers = data["headers"]
            validate___definitions_headers(data__headers)
        if "form" in data_keys:
            data_keys.remove("form")
            data__form = data["form"]
            validate___definitions_form(data__form)
        if "json" in data_keys:
            data_keys.remove("json")
            data__json = data["json"]
            validate___definitions_json(data__json)
        if "text" in data_keys:
            data_keys.remove("text")
            data__text = data["text"]
            if not isinstance(data__text, (str)):
                raise Refused
        if "params" in data_keys:
            data_keys.remove("params")
            data__params = data["params"]
            validate___definitions_params(data__params)
        if "as" in data_keys:
            data_keys.remove("as")
            data__as = data["as"]
            validate___definitions_as(data__as)
        if "bearer" in data_keys:
            data_keys.remove("bearer")
            data__bearer = data["bearer"]
            validate___definitions_bearer(data__bearer)
        if "dpop" in data_keys:
            data_keys.remove("dpop")
            data__dpop = data["dpop"]
            validate___definitions_dpop(data__dpop)
        if "basic" in data_keys:
            data_keys.remove("basic")
            data__basic = data["basic"]
            validate___definitions_basic(data__basic)
        if "client" in data_keys:
            data_keys.remove("client")
            data__client = data["client"]
            validate___definitions_client(data__client)
        if "oauth1" in data_keys:
            data_keys.remove("oauth1")
            data__oauth1 = data["oauth1"]
            validate___definitions_oauth1(data__oauth1)
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            validate___definitions_certificate(data__certificate)
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "order" in data_keys:
            data_keys.remove("order")
            data__order = data["order"]
            validate___definitions_order(data__order)
        if "raw" in data_keys:
            data_keys.remove("raw")
            data__raw = data["raw"]
            validate___definitions_raw(data__raw)
        if "outputs" in data_keys:
            data_keys.remove("outputs")
            data__outputs = data["outputs"]
            validate___definitions_outputs(data__outputs)
        if "public" in data_keys:
            data_keys.remove("public")
            data__public = data["public"]
            validate___definitions_public(data__public)
        if "issuer" in data_keys:
            data_keys.remove("issuer")
            data__issuer = data["issuer"]
            if not isinstance(data__issuer, (str)):
                raise Refused
        if "jwks" in data_keys:
            data_keys.remove("jwks")
            data__jwks = data["jwks"]
            validate___definitions_jwks(data__jwks)
        if "signed" in data_keys:
            data_keys.remove("signed")
            data__signed = data["signed"]
            validate___definitions_signed(data__signed)
        if "subject" in data_keys:
            data_keys.remove("subject")
            data__subject = data["subject"]
            if not isinstance(data__subject, (str, NoneType)):
                raise Refused
        if "expect" in data_keys:
            data_keys.remove("expect")
            data__expect = data["expect"]
            validate___definitions_expect(data__expect)
        if data_keys:
            raise Refused
    return data

def validate___definitions_signed(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "alg" in data_keys:
            data_keys.remove("alg")
            data__alg = data["alg"]
            if not isinstance(data__alg, (list, tuple, str)):
                raise Refused
        if "audience" in data_keys:
            data_keys.remove("audience")
            data__audience = data["audience"]
            if not isinstance(data__audience, (str)):
                raise Refused
        if "leeway" in data_keys:
            data_keys.remove("leeway")
            data__leeway = data["leeway"]
            validate___definitions_duration(data__leeway)
        if "secret" in data_keys:
            data_keys.remove("secret")
            data__secret = data["secret"]
            if not isinstance(data__secret, (str, NoneType)):
                raise Refused
        if "decrypt" in data_keys:
            data_keys.remove("decrypt")
            data__decrypt = data["decrypt"]
            if not isinstance(data__decrypt, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_oauth1(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "consumer_key" in data_keys:
            data_keys.remove("consumer_key")
            data__consumerkey = data["consumer_key"]
            if not isinstance(data__consumerkey, (str, NoneType)):
                raise Refused
        if "consumer_secret" in data_keys:
            data_keys.remove("consumer_secret")
            data__consumersecret = data["consumer_secret"]
            if not isinstance(data__consumersecret, (str, NoneType)):
                raise Refused
        if "private_key" in data_keys:
            data_keys.remove("private_key")
            data__privatekey = data["private_key"]
            if not isinstance(data__privatekey, (str, NoneType)):
                raise Refused
        if "token" in data_keys:
            data_keys.remove("token")
            data__token = data["token"]
            if not isinstance(data__token, (str, NoneType)):
                raise Refused
        if "token_secret" in data_keys:
            data_keys.remove("token_secret")
            data__tokensecret = data["token_secret"]
            if not isinstance(data__tokensecret, (str, NoneType)):
                raise Refused
        if "method" in data_keys:
            data_keys.remove("method")
            data__method = data["method"]
            data__method_any_of_count13 = 0
            if not data__method_any_of_count13:
                try:
                    if not (isinstance(data__method, str) and data__method == 'HMAC-SHA1' or isinstance(data__method, str) and data__method == 'HMAC-SHA256' or isinstance(data__method, str) and data__method == 'HMAC-SHA512' or isinstance(data__method, str) and data__method == 'RSA-SHA1' or isinstance(data__method, str) and data__method == 'RSA-SHA256' or isinstance(data__method, str) and data__method == 'RSA-SHA512' or isinstance(data__method, str) and data__method == 'PLAINTEXT'):
                        raise Refused
                    data__method_any_of_count13 += 1
                except Refused: pass
            if not data__method_any_of_count13:
                try:
                    validate___definitions_templated(data__method)
                    data__method_any_of_count13 += 1
                except Refused: pass
            if not data__method_any_of_count13:
                raise Refused
        if "in" in data_keys:
            data_keys.remove("in")
            data__in = data["in"]
            data__in_any_of_count14 = 0
            if not data__in_any_of_count14:
                try:
                    if not (isinstance(data__in, str) and data__in == 'header' or isinstance(data__in, str) and data__in == 'query' or isinstance(data__in, str) and data__in == 'body'):
                        raise Refused
                    data__in_any_of_count14 += 1
                except Refused: pass
            if not data__in_any_of_count14:
                try:
                    validate___definitions_templated(data__in)
                    data__in_any_of_count14 += 1
                except Refused: pass
            if not data__in_any_of_count14:
                raise Refused
        if "callback" in data_keys:
            data_keys.remove("callback")
            data__callback = data["callback"]
            if not isinstance(data__callback, (str, NoneType)):
                raise Refused
        if "realm" in data_keys:
            data_keys.remove("realm")
            data__realm = data["realm"]
            if not isinstance(data__realm, (str, NoneType)):
                raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_capture(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "at" in data_keys:
            data_keys.remove("at")
            data__at = data["at"]
            if not isinstance(data__at, (str)):
                raise Refused
        if "timeout" in data_keys:
            data_keys.remove("timeout")
            data__timeout = data["timeout"]
            validate___definitions_duration(data__timeout)
        if "response_mode" in data_keys:
            data_keys.remove("response_mode")
            data__responsemode = data["response_mode"]
            if not isinstance(data__responsemode, (str)):
                raise Refused
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "expect" in data_keys:
            data_keys.remove("expect")
            data__expect = data["expect"]
            validate___definitions_expression(data__expect)
        if "issuer" in data_keys:
            data_keys.remove("issuer")
            data__issuer = data["issuer"]
            if not isinstance(data__issuer, (str)):
                raise Refused
        if "iss" in data_keys:
            data_keys.remove("iss")
            data__iss = data["iss"]
            data__iss_any_of_count15 = 0
            if not data__iss_any_of_count15:
                try:
                    if not (isinstance(data__iss, str) and data__iss == 'optional' or isinstance(data__iss, str) and data__iss == 'required'):
                        raise Refused
                    data__iss_any_of_count15 += 1
                except Refused: pass
            if not data__iss_any_of_count15:
                try:
                    validate___definitions_templated(data__iss)
                    data__iss_any_of_count15 += 1
                except Refused: pass
            if not data__iss_any_of_count15:
                raise Refused
        if "jwks" in data_keys:
            data_keys.remove("jwks")
            data__jwks = data["jwks"]
            validate___definitions_jwks(data__jwks)
        if "id_token" in data_keys:
            data_keys.remove("id_token")
            data__idtoken = data["id_token"]
            validate___definitions_believed(data__idtoken)
        if "signed" in data_keys:
            data_keys.remove("signed")
            data__signed = data["signed"]
            validate___definitions_signed(data__signed)
        if data_keys:
            raise Refused
    return data

def validate___definitions_authorize(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "url" in data_keys:
            data_keys.remove("url")
            data__url = data["url"]
            validate___definitions_endpoint(data__url)
        if "query" in data_keys:
            data_keys.remove("query")
            data__query = data["query"]
            if not isinstance(data__query, (dict, NoneType)):
                raise Refused
            data__query_is_dict = isinstance(data__query, dict)
            if data__query_is_dict:
                data__query_keys = set(data__query.keys())
                if "response_type" in data__query_keys:
                    data__query_keys.remove("response_type")
                    data__query__responsetype = data__query["response_type"]
                    validate___definitions_template(data__query__responsetype)
                if "client_id" in data__query_keys:
                    data__query_keys.remove("client_id")
                    data__query__clientid = data__query["client_id"]
                    validate___definitions_template(data__query__clientid)
                if "redirect_uri" in data__query_keys:
                    data__query_keys.remove("redirect_uri")
                    data__query__redirecturi = data__query["redirect_uri"]
                    validate___definitions_template(data__query__redirecturi)
                if "scope" in data__query_keys:
                    data__query_keys.remove("scope")
                    data__query__scope = data__query["scope"]
                    validate___definitions_template(data__query__scope)
                if "response_mode" in data__query_keys:
                    data__query_keys.remove("response_mode")
                    data__query__responsemode = data__query["response_mode"]
                    validate___definitions_template(data__query__responsemode)
                if "prompt" in data__query_keys:
                    data__query_keys.remove("prompt")
                    data__query__prompt = data__query["prompt"]
                    validate___definitions_template(data__query__prompt)
                if "max_age" in data__query_keys:
                    data__query_keys.remove("max_age")
                    data__query__maxage = data__query["max_age"]
                    validate___definitions_template(data__query__maxage)
                if "login_hint" in data__query_keys:
                    data__query_keys.remove("login_hint")
                    data__query__loginhint = data__query["login_hint"]
                    validate___definitions_template(data__query__loginhint)
                if "id_token_hint" in data__query_keys:
                    data__query_keys.remove("id_token_hint")
                    data__query__idtokenhint = data__query["id_token_hint"]
                    validate___definitions_template(data__query__idtokenhint)
                if "acr_values" in data__query_keys:
                    data__query_keys.remove("acr_values")
                    data__query__acrvalues = data__query["acr_values"]
                    validate___definitions_template(data__query__acrvalues)
                if "ui_locales" in data__query_keys:
                    data__query_keys.remove("ui_locales")
                    data__query__uilocales = data__query["ui_locales"]
                    validate___definitions_template(data__query__uilocales)
                if "display" in data__query_keys:
                    data__query_keys.remove("display")
                    data__query__display = data__query["display"]
                    validate___definitions_template(data__query__display)
                if "claims" in data__query_keys:
                    data__query_keys.remove("claims")
                    data__query__claims = data__query["claims"]
                    validate___definitions_template(data__query__claims)
                if "resource" in data__query_keys:
                    data__query_keys.remove("resource")
                    data__query__resource = data__query["resource"]
                    validate___definitions_template(data__query__resource)
                if "authorization_details" in data__query_keys:
                    data__query_keys.remove("authorization_details")
                    data__query__authorizationdetails = data__query["authorization_details"]
                    validate___definitions_template(data__query__authorizationdetails)
                for data__query_key in data__query_keys:
                    if data__query_key not in ['response_type', 'client_id', 'redirect_uri', 'scope', 'response_mode', 'prompt', 'max_age', 'login_hint', 'id_token_hint', 'acr_values', 'ui_locales', 'display', 'claims', 'resource', 'authorization_details']:
                        data__query_value = data__query.get(data__query_key)
                        validate___definitions_template(data__query_value)
        if "par" in data_keys:
            data_keys.remove("par")
            data__par = data["par"]
            validate___definitions_endpoint(data__par)
        if "client" in data_keys:
            data_keys.remove("client")
            data__client = data["client"]
            validate___definitions_client(data__client)
        if "certificate" in data_keys:
            data_keys.remove("certificate")
            data__certificate = data["certificate"]
            validate___definitions_certificate(data__certificate)
        if "request_object" in data_keys:
            data_keys.remove("request_object")
            data__requestobject = data["request_object"]
            if not isinstance(data__requestobject, (dict, NoneType)):
                raise Refused
            data__requestobject_is_dict = isinstance(data__requestobject, dict)
            if data__requestobject_is_dict:
                data__requestobject_keys = set(data__requestobject.keys())
                if "key" in data__requestobject_keys:
                    data__requestobject_keys.remove("key")
                    data__requestobject__key = data__requestobject["key"]
                    if not isinstance(data__requestobject__key, (str, NoneType)):
                        raise Refused
                if "secret" in data__requestobject_keys:
                    data__requestobject_keys.remove("secret")
                    data__requestobject__secret = data__requestobject["secret"]
                    if not isinstance(data__requestobject__secret, (str, NoneType)):
                        raise Refused
                if "alg" in data__requestobject_keys:
                    data__requestobject_keys.remove("alg")
                    data__requestobject__alg = data__requestobject["alg"]
                    data__requestobject__alg_any_of_count16 = 0
                    if not data__requestobject__alg_any_of_count16:
                        try:
                            if not (isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'HS256' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'HS384' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'HS512' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'RS256' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'RS384' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'RS512' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'PS256' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'PS384' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'PS512' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'ES256' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'ES384' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'ES512' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'EdDSA' or isinstance(data__requestobject__alg, str) and data__requestobject__alg == 'Ed25519'):
                                raise Refused
                            data__requestobject__alg_any_of_count16 += 1
                        except Refused: pass
                    if not data__requestobject__alg_any_of_count16:
                        try:
                            validate___definitions_templated(data__requestobject__alg)
                            data__requestobject__alg_any_of_count16 += 1
                        except Refused: pass
                    if not data__requestobject__alg_any_of_count16:
                        try:
                            if not isinstance(data__requestobject__alg, (NoneType)):
                                raise Refused
                            data__requestobject__alg_any_of_count16 += 1
                        except Refused: pass
                    if not data__requestobject__alg_any_of_count16:
                        raise Refused
                if "key_id" in data__requestobject_keys:
                    data__requestobject_keys.remove("key_id")
                    data__requestobject__keyid = data__requestobject["key_id"]
                    if not isinstance(data__requestobject__keyid, (str, NoneType)):
                        raise Refused
                if "audience" in data__requestobject_keys:
                    data__requestobject_keys.remove("audience")
                    data__requestobject__audience = data__requestobject["audience"]
                    if not isinstance(data__requestobject__audience, (str, NoneType)):
                        raise Refused
                if "encrypt" in data__requestobject_keys:
                    data__requestobject_keys.remove("encrypt")
                    data__requestobject__encrypt = data__requestobject["encrypt"]
                    if not isinstance(data__requestobject__encrypt, (dict, NoneType)):
                        raise Refused
                    data__requestobject__encrypt_is_dict = isinstance(data__requestobject__encrypt, dict)
                    if data__requestobject__encrypt_is_dict:
                        data__requestobject__encrypt_keys = set(data__requestobject__encrypt.keys())
                        if "key" in data__requestobject__encrypt_keys:
                            data__requestobject__encrypt_keys.remove("key")
                            data__requestobject__encrypt__key = data__requestobject__encrypt["key"]
                            if not isinstance(data__requestobject__encrypt__key, (str, NoneType)):
                                raise Refused
                        if "key_id" in data__requestobject__encrypt_keys:
                            data__requestobject__encrypt_keys.remove("key_id")
                            data__requestobject__encrypt__keyid = data__requestobject__encrypt["key_id"]
                            if not isinstance(data__requestobject__encrypt__keyid, (str, NoneType)):
                                raise Refused
                        if "alg" in data__requestobject__encrypt_keys:
                            data__requestobject__encrypt_keys.remove("alg")
                            data__requestobject__encrypt__alg = data__requestobject__encrypt["alg"]
                            data__requestobject__encrypt__alg_any_of_count17 = 0
                            if not data__requestobject__encrypt__alg_any_of_count17:
                                try:
                                    if not (isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'RSA-OAEP' or isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'RSA-OAEP-256' or isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'ECDH-ES' or isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'ECDH-ES+A128KW' or isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'ECDH-ES+A192KW' or isinstance(data__requestobject__encrypt__alg, str) and data__requestobject__encrypt__alg == 'ECDH-ES+A256KW'):
                                        raise Refused
                                    data__requestobject__encrypt__alg_any_of_count17 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__alg_any_of_count17:
                                try:
                                    validate___definitions_templated(data__requestobject__encrypt__alg)
                                    data__requestobject__encrypt__alg_any_of_count17 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__alg_any_of_count17:
                                try:
                                    if not isinstance(data__requestobject__encrypt__alg, (NoneType)):
                                        raise Refused
                                    data__requestobject__encrypt__alg_any_of_count17 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__alg_any_of_count17:
                                raise Refused
                        if "enc" in data__requestobject__encrypt_keys:
                            data__requestobject__encrypt_keys.remove("enc")
                            data__requestobject__encrypt__enc = data__requestobject__encrypt["enc"]
                            data__requestobject__encrypt__enc_any_of_count18 = 0
                            if not data__requestobject__encrypt__enc_any_of_count18:
                                try:
                                    if not (isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A128CBC-HS256' or isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A192CBC-HS384' or isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A256CBC-HS512' or isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A128GCM' or isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A192GCM' or isinstance(data__requestobject__encrypt__enc, str) and data__requestobject__encrypt__enc == 'A256GCM'):
                                        raise Refused
                                    data__requestobject__encrypt__enc_any_of_count18 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__enc_any_of_count18:
                                try:
                                    validate___definitions_templated(data__requestobject__encrypt__enc)
                                    data__requestobject__encrypt__enc_any_of_count18 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__enc_any_of_count18:
                                try:
                                    if not isinstance(data__requestobject__encrypt__enc, (NoneType)):
                                        raise Refused
                                    data__requestobject__encrypt__enc_any_of_count18 += 1
                                except Refused: pass
                            if not data__requestobject__encrypt__enc_any_of_count18:
                                raise Refused
                        if data__requestobject__encrypt_keys:
                            raise Refused
                if data__requestobject_keys:
                    raise Refused
        if "jwks" in data_keys:
            data_keys.remove("jwks")
            data__jwks = data["jwks"]
            validate___definitions_endpoint(data__jwks)
        if "openid" in data_keys:
            data_keys.remove("openid")
            data__openid = data["openid"]
            data__openid_any_of_count19 = 0
            if not data__openid_any_of_count19:
                try:
                    if not (isinstance(data__openid, bool) and data__openid is True or isinstance(data__openid, bool) and data__openid is False or isinstance(data__openid, str) and data__openid == 'true' or isinstance(data__openid, str) and data__openid == 'false'):
                        raise Refused
                    data__openid_any_of_count19 += 1
                except Refused: pass
            if not data__openid_any_of_count19:
                try:
                    validate___definitions_templated(data__openid)
                    data__openid_any_of_count19 += 1
                except Refused: pass
            if not data__openid_any_of_count19:
                raise Refused
        if "pkce" in data_keys:
            data_keys.remove("pkce")
            data__pkce = data["pkce"]
            data__pkce_any_of_count20 = 0
            if not data__pkce_any_of_count20:
                try:
                    if not (isinstance(data__pkce, str) and data__pkce == 'S256' or isinstance(data__pkce, str) and data__pkce == 'plain' or isinstance(data__pkce, str) and data__pkce == 'off'):
                        raise Refused
                    data__pkce_any_of_count20 += 1
                except Refused: pass
            if not data__pkce_any_of_count20:
                try:
                    validate___definitions_templated(data__pkce)
                    data__pkce_any_of_count20 += 1
                except Refused: pass
            if not data__pkce_any_of_count20:
                raise Refused
        if "dpop" in data_keys:
            data_keys.remove("dpop")
            data__dpop = data["dpop"]
            validate___definitions_dpop(data__dpop)
        if "state" in data_keys:
            data_keys.remove("state")
            data__state = data["state"]
            validate___definitions_on_off(data__state)
        if "nonce" in data_keys:
            data_keys.remove("nonce")
            data__nonce = data["nonce"]
            validate___definitions_on_off(data__nonce)
        if "fragment" in data_keys:
            data_keys.remove("fragment")
            data__fragment = data["fragment"]
            validate___definitions_fields(data__fragment)
        if "query_in" in data_keys:
            data_keys.remove("query_in")
            data__queryin = data["query_in"]
            data__queryin_any_of_count21 = 0
            if not data__queryin_any_of_count21:
                try:
                    if not (isinstance(data__queryin, str) and data__queryin == 'query' or isinstance(data__queryin, str) and data__queryin == 'fragment'):
                        raise Refused
                    data__queryin_any_of_count21 += 1
                except Refused: pass
            if not data__queryin_any_of_count21:
                try:
                    validate___definitions_templated(data__queryin)
                    data__queryin_any_of_count21 += 1
                except Refused: pass
            if not data__queryin_any_of_count21:
                raise Refused
        if "names" in data_keys:
            data_keys.remove("names")
            data__names = data["names"]
            validate___definitions_names(data__names)
        if "order" in data_keys:
            data_keys.remove("order")
            data__order = data["order"]
            validate___definitions_order(data__order)
        if "raw" in data_keys:
            data_keys.remove("raw")
            data__raw = data["raw"]
            validate___definitions_raw(data__raw)
        if data_keys:
            raise Refused
    return data

def validate___definitions_on_off(data: object) -> object:
    data_any_of_count22 = 0
    if not data_any_of_count22:
        try:
            if not (isinstance(data, str) and data == 'on' or isinstance(data, str) and data == 'off' or isinstance(data, bool) and data is True or isinstance(data, bool) and data is False):
                raise Refused
            data_any_of_count22 += 1
        except Refused: pass
    if not data_any_of_count22:
        try:
            validate___definitions_templated(data)
            data_any_of_count22 += 1
        except Refused: pass
    if not data_any_of_count22:
        raise Refused
    return data

def validate___definitions_input(data: object) -> object:
    if not isinstance(data, (dict, NoneType)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        if "help" in data_keys:
            data_keys.remove("help")
            data__help = data["help"]
            if not isinstance(data__help, (str)):
                raise Refused
        if "example" in data_keys:
            data_keys.remove("example")
            data__example = data["example"]
            if not isinstance(data__example, (str, int, float, bool, list, tuple)):
                raise Refused
        if "pattern" in data_keys:
            data_keys.remove("pattern")
            data__pattern = data["pattern"]
            if not isinstance(data__pattern, (str)):
                raise Refused
        if "choices" in data_keys:
            data_keys.remove("choices")
            data__choices = data["choices"]
            if not isinstance(data__choices, (list, tuple)):
                raise Refused
            data__choices_is_list = isinstance(data__choices, (list, tuple))
            if data__choices_is_list:
                data__choices_len = len(data__choices)
                if data__choices_len < 1:
                    raise Refused
        if "default" in data_keys:
            data_keys.remove("default")
            data__default = data["default"]
            if not isinstance(data__default, (str, int, float, bool, list, tuple, NoneType)):
                raise Refused
        if "secret" in data_keys:
            data_keys.remove("secret")
            data__secret = data["secret"]
            if not isinstance(data__secret, (bool)):
                raise Refused
        if "optional" in data_keys:
            data_keys.remove("optional")
            data__optional = data["optional"]
            if not isinstance(data__optional, (bool)):
                raise Refused
        if "type" in data_keys:
            data_keys.remove("type")
            data__type = data["type"]
            if not (isinstance(data__type, str) and data__type == 'text' or isinstance(data__type, str) and data__type == 'integer' or isinstance(data__type, str) and data__type == 'number' or isinstance(data__type, str) and data__type == 'boolean' or isinstance(data__type, str) and data__type == 'list' or isinstance(data__type, str) and data__type == 'host' or isinstance(data__type, str) and data__type == 'url'):
                raise Refused
        if "from" in data_keys:
            data_keys.remove("from")
            data__from = data["from"]
            if not isinstance(data__from, (dict)):
                raise Refused
            data__from_one_of_count23 = 0
            if data__from_one_of_count23 < 2:
                try:
                    data__from_is_dict = isinstance(data__from, dict)
                    if data__from_is_dict:
                        data__from__missing_keys = set(['env']) - data__from.keys()
                        if data__from__missing_keys:
                            raise Refused
                    data__from_one_of_count23 += 1
                except Refused: pass
            if data__from_one_of_count23 < 2:
                try:
                    data__from_is_dict = isinstance(data__from, dict)
                    if data__from_is_dict:
                        data__from__missing_keys = set(['file']) - data__from.keys()
                        if data__from__missing_keys:
                            raise Refused
                    data__from_one_of_count23 += 1
                except Refused: pass
            if data__from_one_of_count23 < 2:
                try:
                    data__from_is_dict = isinstance(data__from, dict)
                    if data__from_is_dict:
                        data__from__missing_keys = set(['keyring']) - data__from.keys()
                        if data__from__missing_keys:
                            raise Refused
                    data__from_one_of_count23 += 1
                except Refused: pass
            if data__from_one_of_count23 < 2:
                try:
                    data__from_is_dict = isinstance(data__from, dict)
                    if data__from_is_dict:
                        data__from__missing_keys = set(['command']) - data__from.keys()
                        if data__from__missing_keys:
                            raise Refused
                    data__from_one_of_count23 += 1
                except Refused: pass
            if data__from_one_of_count23 != 1:
                raise Refused
            data__from_is_dict = isinstance(data__from, dict)
            if data__from_is_dict:
                data__from_len = len(data__from)
                if data__from_len < 1:
                    raise Refused
                data__from_keys = set(data__from.keys())
                if "env" in data__from_keys:
                    data__from_keys.remove("env")
                    data__from__env = data__from["env"]
                    if not isinstance(data__from__env, (str)):
                        raise Refused
                    if isinstance(data__from__env, str):
                        data__from__env_len = len(data__from__env)
                        if data__from__env_len < 1:
                            raise Refused
                if "file" in data__from_keys:
                    data__from_keys.remove("file")
                    data__from__file = data__from["file"]
                    if not isinstance(data__from__file, (str)):
                        raise Refused
                    if isinstance(data__from__file, str):
                        data__from__file_len = len(data__from__file)
                        if data__from__file_len < 1:
                            raise Refused
                if "keyring" in data__from_keys:
                    data__from_keys.remove("keyring")
                    data__from__keyring = data__from["keyring"]
                    if not isinstance(data__from__keyring, (str)):
                        raise Refused
                    if isinstance(data__from__keyring, str):
                        if not search('^[^/]+/.+$', data__from__keyring):
                            raise Refused
                if "command" in data__from_keys:
                    data__from_keys.remove("command")
                    data__from__command = data__from["command"]
                    if not isinstance(data__from__command, (list, tuple)):
                        raise Refused
                    data__from__command_is_list = isinstance(data__from__command, (list, tuple))
                    if data__from__command_is_list:
                        data__from__command_len = len(data__from__command)
                        if data__from__command_len < 1:
                            raise Refused
                        for data__from__command_x, data__from__command_item in enumerate(data__from__command):
                            if not isinstance(data__from__command_item, (str)):
                                raise Refused
                if data__from_keys:
                    raise Refused
        if data_keys:
            raise Refused
    return data

def validate___definitions_values(data: object) -> object:
    if not isinstance(data, (dict)):
        raise Refused
    data_is_dict = isinstance(data, dict)
    if data_is_dict:
        data_keys = set(data.keys())
        for data_key in data_keys:
            if data_key not in []:
                data_value = data.get(data_key)
                if not isinstance(data_value, (str, int, float, bool, list, tuple, NoneType)):
                    raise Refused
        data_len = len(data)
        if data_len != 0:
            data_property_names = True
            for data_key in data:
                try:
                    if isinstance(data_key, str):
                        if not search('^[a-z][a-z0-9_]*$', data_key):
                            raise Refused
                except Refused:
                    data_property_names = False
            if not data_property_names:
                raise Refused
    return data
