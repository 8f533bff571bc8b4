@echo off
rem AI Monitor on Windows:  1 local test   2 deploy   3 client
rem Without a menu:         start_cloud.bat 1
setlocal
cd /d "%~dp0" || exit /b 1

set "CHOICE=%~1"
if defined CHOICE goto chosen
echo.
echo   AI Monitor
echo     1  Local test: hub and edge on this computer, with sample footage
echo     2  Deploy: what to enter at Render, or the whole system with Docker
echo     3  Client: send a camera of this computer or network to a hub
echo.
set /p "CHOICE=  Choose 1, 2 or 3: "
call :chosen
set "CODE=%ERRORLEVEL%"
rem Started by a double click, the window closes at the end, and what was said with it.
pause
exit /b %CODE%

:chosen
if "%CHOICE%"=="1" goto local
if "%CHOICE%"=="2" goto deploy
if "%CHOICE%"=="3" goto client
echo Expected 1, 2 or 3, got "%CHOICE%".
exit /b 2

:local
call :prepare || exit /b 1
".venv\Scripts\aimonitor.exe" demo --open
exit /b %ERRORLEVEL%

:deploy
echo.
echo   Render (free plan), New ^> Web Service, this repository:
echo     Build Command       pip install -r requirements_cloud.txt
echo     Start Command       python cloud_api.py
echo     Health Check Path   /health
echo     Environment         AIMONITOR_TOKENS=a-long-secret
echo                         AIMONITOR_ADMIN_PASSWORD=another, to sign in as admin
echo   Or New ^> Blueprint, which reads render.yaml and makes both secrets.
echo   docs\guide\deployment.md tells the rest, and of other places.
echo.
where docker >nul 2>nul || exit /b 0
set "ANSWER="
set /p "ANSWER=  Docker is here. Build and start the whole system on this computer now? [y/N] "
if /i not "%ANSWER%"=="y" exit /b 0
docker compose up -d --build || exit /b 1
echo Open https://localhost/ - the certificate is of our own making, so the browser asks once.
echo The link that makes you the admin:
docker compose logs hub | findstr setup
exit /b 0

:client
call :prepare || exit /b 1
echo.
echo   Enter alone keeps what aimonitor.toml says, or else takes what stands in brackets.
if not defined HUB set /p "HUB=  Address of the hub, such as wss://my-hub.onrender.com [ws://127.0.0.1:8000]: "
if not defined CAMERA set /p "CAMERA=  Camera: usb:0, http://192.168.1.50:81/stream, rtsp://... [usb:0]: "
if not defined AIMONITOR_EDGE_TOKEN set /p "AIMONITOR_EDGE_TOKEN=  Secret of the edges, or the word pair to be let in by a code [none]: "
set "TO="
if defined HUB set TO=--hub "%HUB%"
if not "%AIMONITOR_EDGE_TOKEN%"=="pair" goto secret_known
set "AIMONITOR_EDGE_TOKEN="
if not defined HUB set TO=--hub "ws://127.0.0.1:8000"
".venv\Scripts\aimonitor.exe" pair %TO% || exit /b 1
:secret_known
if not defined CAMERA findstr /b "camera [[edge.camera" aimonitor.toml >nul 2>nul || set "CAMERA=usb:0"
if defined CAMERA set TO=%TO% --camera "%CAMERA%"
".venv\Scripts\aimonitor.exe" doctor hub token tls websocket camera %TO%
".venv\Scripts\aimonitor.exe" edge %TO%
exit /b %ERRORLEVEL%

rem The Python environment, made once, and brought up to date when its requirements have changed.
:prepare
for %%F in (requirements\run.txt) do set "WANTED=%%~tF, %%~zF bytes"
set "THERE="
if exist ".venv\installed.txt" set /p "THERE=" <".venv\installed.txt"
if "%THERE%"=="%WANTED%" goto dashboard
call :find_python || exit /b 1
echo Setting up. This takes some minutes, and is done once.
%PYTHON% -m venv .venv || exit /b 1
".venv\Scripts\python.exe" -m pip install --disable-pip-version-check --require-hashes -r requirements\run.txt || exit /b 1
".venv\Scripts\python.exe" -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . || exit /b 1
>".venv\installed.txt" echo %WANTED%

:dashboard
if exist "src\aimonitor\hub\static\index.html" exit /b 0
where npm >nul 2>nul || goto without_dashboard
pushd web
call npm ci --no-audit --no-fund && call npm run build
popd
if exist "src\aimonitor\hub\static\index.html" exit /b 0
:without_dashboard
echo The dashboard is not built, the rest works. For it install Node.js 20 or newer and start this again.
exit /b 0

:find_python
call :try py -3 && exit /b 0
call :try python && exit /b 0
echo Python 3.11 or newer for x64 is needed: install it from python.org and start this again.
exit /b 1

:try
%* -c "import sys, sysconfig; sys.exit(sys.version_info < (3, 11) or sysconfig.get_platform() != 'win-amd64')" >nul 2>nul || exit /b 1
set "PYTHON=%*"
exit /b 0
